// Lookaheads of a regular expression: automata that judge the rest of a text while the expression reads it.

import type { WorkBudget } from '../work.js';
import { byteClasses, classBoundaries, type Dfa, dfaStep, exploreStates, reachBack } from './dfa.js';
import type { Lookahead, Nfa } from './nfa.js';

/** Sets of active lookaheads, by number: 0 is the empty set. */
export interface LookaheadSets {
  /** Bytes at which the judges' byte classes change. */
  readonly boundaries: readonly number[];
  /** The set with another lookahead, which begins here; −1 when it cannot hold. */
  add(set: number, lookahead: Lookahead, isStart: boolean): number;
  /** The set after a byte; −1 when one of it cannot hold any more. */
  step(set: number, byte: number): number;
  /** Whether all of the set hold if the text ends here. */
  isMet(set: number): boolean;
}

/** Judges the rest of a text. State 0 is where it starts. */
interface Judge {
  readonly classOf: Uint8Array;
  readonly nClasses: number;
  readonly next: readonly number[];
  /** (states) whether the text may end here. */
  readonly isMet: readonly boolean[];
  /** (states) 1 where some rest, the empty one included, meets it, and where some rest does not. */
  readonly canHold: Uint8Array;
  readonly canFail: Uint8Array;
}

/** The options of lookaheads. */
export interface LookaheadOptions {
  /** All texts, as the expression spells them. */
  readonly anyText: () => Dfa;
  /** Texts that begin with the lookahead's item; null for none. `isStart`: whether `^` holds before it. */
  readonly dfaOf: (lookahead: Lookahead, isStart: boolean) => Dfa | null;
  readonly work: WorkBudget;
}

/** @throws ToolkitError `LIMIT_EXCEEDED` */
export function createLookaheadSets(nfa: Nfa, { anyText, dfaOf, work }: LookaheadOptions): LookaheadSets {
  const judges = new Map<Lookahead, readonly [inside: Judge, atStart: Judge]>();
  for (const edges of nfa.freeEdges) {
    for (const { when } of edges ?? [])
      if (typeof when === 'object' && !judges.has(when)) judges.set(when, pairOf(when));
  }
  const all = [...judges.values()].flat();
  const numbers = new Map(all.map((judge, i) => [judge, i]));
  // A set is a sorted list of pairs: the judge's number and its state, as one number.
  const scale = all.reduce((most, { isMet }) => Math.max(most, isMet.length), 1);
  const sets: (readonly number[])[] = [[]];
  const setNumbers = new Map<string, number>([['', 0]]);
  const steps = new Map<number, number>();

  return {
    boundaries: all.flatMap(({ classOf }) => classBoundaries(classOf)),
    add(set, lookahead, isStart) {
      const judge = judges.get(lookahead)![isStart ? 1 : 0];
      if (judge.canHold[0] === 0) return -1;
      return judge.canFail[0] === 0 ? set : numberOf([...sets[set]!, numbers.get(judge)! * scale]);
    },
    step(set, byte) {
      const name = set * 256 + byte;
      const known = steps.get(name);
      if (known !== undefined) return known;
      const after = advance(set, byte);
      steps.set(name, after);
      work.keep(40);
      return after;
    },
    isMet: (set) => sets[set]!.every((pair) => all[Math.floor(pair / scale)]!.isMet[pair % scale]),
  };

  function advance(set: number, byte: number): number {
    const next: number[] = [];
    for (const pair of sets[set]!) {
      const number = Math.floor(pair / scale);
      const judge = all[number]!;
      const to = judge.next[(pair % scale) * judge.nClasses + judge.classOf[byte]!]!;
      if (to < 0 || judge.canHold[to] === 0) return -1;
      if (judge.canFail[to] === 1) next.push(number * scale + to);
    }
    return numberOf(next);
  }

  function numberOf(pairs: readonly number[]): number {
    const set = [...new Set(pairs)].sort((a, b) => a - b);
    work.spend(set.length);
    const name = set.join();
    const known = setNumbers.get(name);
    if (known !== undefined) return known;
    work.keep(100 + 16 * set.length);
    setNumbers.set(name, sets.length);
    return sets.push(set) - 1;
  }

  function pairOf(lookahead: Lookahead): readonly [Judge, Judge] {
    const inside = createJudge(anyText(), dfaOf(lookahead, false), lookahead.isNegative, work);
    const atStart = createJudge(anyText(), dfaOf(lookahead, true), lookahead.isNegative, work);
    return [inside, atStart];
  }
}

function createJudge(anyText: Dfa, dfa: Dfa | null, isNegative: boolean, work: WorkBudget): Judge {
  const classOf = byteClasses([
    ...classBoundaries(anyText.classOf),
    ...(dfa === null ? [] : classBoundaries(dfa.classOf)),
  ]);
  const explored = exploreStates<readonly [text: number, own: number]>({
    start: [0, dfa === null ? -1 : 0],
    key: ([text, own]) => text * 1e8 + own,
    classOf,
    work,
    step([text, own], byte) {
      const to = dfaStep(anyText, text, byte);
      return to < 0 ? null : [to, own < 0 ? -1 : dfaStep(dfa!, own, byte)];
    },
  });
  const isText = explored.states.map(([text]) => anyText.isAccepting[text] === 1);
  const isMet = explored.states.map(
    ([, own], i) => isText[i]! && (own >= 0 && dfa!.isAccepting[own] === 1) !== isNegative,
  );
  const isMissed = isMet.map((is, i) => isText[i]! && !is);
  return {
    classOf,
    nClasses: explored.nClasses,
    next: explored.next,
    isMet,
    canHold: reachBack(explored, isMet),
    canFail: reachBack(explored, isMissed),
  };
}
