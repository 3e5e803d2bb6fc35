// What a grammar is made of: terminals, which a finite automaton reads, and nonterminals, which stand for alternatives.

import { type Dfa, dfaStep } from '../automaton/dfa.js';

/** Reads a terminal byte by byte. State 0 is where it starts. */
export interface Scanner {
  /** The state after a byte, or −1. */
  next(state: number, byte: number): number;
  isAccepting(state: number): boolean;
  /** Whether another byte may follow. */
  hasNext(state: number): boolean;
}

/** A piece of text. */
export interface Terminal {
  readonly type: 'terminal';
  readonly id: number;
  readonly scanner: Scanner;
  /** `open-key` ends with a key that was not known before; `unsure` takes knowing the last one. */
  readonly role: 'text' | 'open-key' | 'unsure';
}

/** Alternatives, none of which begins with the nonterminal itself. */
export interface Nonterminal {
  readonly type: 'nonterminal';
  readonly id: number;
  /** @param key the key that was just read; null when it is not known */
  alternatives(key: string | null): readonly Production[];
}

/** Terminals and nonterminals in a row. */
export type Production = readonly GrammarSymbol[];

/** A part of a grammar. */
export type GrammarSymbol = Terminal | Nonterminal;

/** Makes the symbols of one grammar, equal ones once. */
export interface SymbolTable {
  text(dfa: Dfa): Terminal;
  scanner(scanner: Scanner, role: Terminal['role']): Terminal;
  nonterminal(alternatives: () => readonly Production[]): Nonterminal;
  /** Called anew each time, with the key that was just read. */
  afterKey(alternatives: (key: string | null) => readonly Production[]): Nonterminal;
}

export function createSymbolTable(): SymbolTable {
  let nSymbols = 0;
  const byDfa = new Map<Dfa, Terminal>();
  const scanner = (scanner: Scanner, role: Terminal['role']): Terminal => ({
    type: 'terminal',
    id: nSymbols++,
    scanner,
    role,
  });
  return {
    scanner,
    text(dfa) {
      const known = byDfa.get(dfa) ?? scanner(dfaScanner(dfa), 'text');
      byDfa.set(dfa, known);
      return known;
    },
    nonterminal(make) {
      let made: readonly Production[] | null = null;
      return {
        type: 'nonterminal',
        id: nSymbols++,
        alternatives() {
          made ??= make();
          return made;
        },
      };
    },
    afterKey: (alternatives) => ({ type: 'nonterminal', id: nSymbols++, alternatives }),
  };
}

function dfaScanner(dfa: Dfa): Scanner {
  return {
    next: (state, byte) => dfaStep(dfa, state, byte),
    isAccepting: (state) => dfa.isAccepting[state] === 1,
    hasNext: (state) => dfa.hasNext[state] === 1,
  };
}
