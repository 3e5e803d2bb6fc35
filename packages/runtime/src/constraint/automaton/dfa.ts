// A deterministic automaton over bytes, every state of which can still come to an end.

import { ToolkitError } from '@llama-ts/base';
import type { WorkBudget } from '../work.js';

/** A finite automaton. State 0 is where it starts. */
export interface Dfa {
  readonly nStates: number;
  /** (256) class of each byte: bytes of a class lead to the same states. */
  readonly classOf: Uint8Array;
  readonly nClasses: number;
  /** (nStates, nClasses) the next state, or −1. */
  readonly next: Int32Array;
  /** (nStates) 1 where the text so far is accepted. */
  readonly isAccepting: Uint8Array;
  /** (nStates) 1 where another byte may follow. */
  readonly hasNext: Uint8Array;
}

/** The states and transitions of {@link exploreDfa}. */
export interface Exploration<State> {
  readonly start: State;
  /** Equal for equal states. */
  readonly key: (state: State) => string | number;
  /** The state after a byte of a class, or null. */
  readonly step: (state: State, byte: number) => State | null;
  readonly isAccepting: (state: State) => boolean;
  readonly classOf: Uint8Array;
  readonly work: WorkBudget;
}

/** All states that can be reached, whether or not an end can be reached from them. */
export interface ExploredStates<State> {
  readonly states: readonly State[];
  readonly nClasses: number;
  /** (states, nClasses) the next state, or −1. */
  readonly next: readonly number[];
}

/** Each takes its row of `next`: some ten megabytes in all. */
const MAX_STATES = 50_000;
/** Approximate memory of a state and its name. */
const STATE_BYTES = 100;

/** The state after a byte, or −1. */
export function dfaStep(dfa: Dfa, state: number, byte: number): number {
  return dfa.next[state * dfa.nClasses + dfa.classOf[byte]!]!;
}

/**
 * Visits all reachable states, and keeps those from which an end is reachable.
 *
 * @returns null when no text is accepted
 * @throws ToolkitError `LIMIT_EXCEEDED`
 */
export function exploreDfa<State>(exploration: Exploration<State>): Dfa | null {
  const explored = exploreStates(exploration);
  return trim(explored, explored.states.map(exploration.isAccepting), exploration.classOf);
}

/** Walks through all states that can be reached. @throws ToolkitError `LIMIT_EXCEEDED` */
export function exploreStates<State>(exploration: Omit<Exploration<State>, 'isAccepting'>): ExploredStates<State> {
  const { start, key, step, classOf, work } = exploration;
  const bytes = representatives(classOf);
  const states = [start];
  const numbers = new Map([[key(start), 0]]);
  const next: number[] = [];
  for (let i = 0; i < states.length; i++) {
    work.spend(bytes.length);
    work.keep(STATE_BYTES + 12 * bytes.length);
    for (const byte of bytes) {
      const to = step(states[i]!, byte);
      next.push(to === null ? -1 : numberOf(to));
    }
  }
  return { states, nClasses: bytes.length, next };

  function numberOf(state: State): number {
    const name = key(state);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (states.length === MAX_STATES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `automaton: more than ${MAX_STATES} states, expected fewer`, {
        suggestions: ['take smaller counts: maxLength together with a pattern, or {min,max} within it'],
      });
    }
    work.keep(typeof name === 'string' ? 3 * name.length : 0);
    numbers.set(name, states.length);
    return states.push(state) - 1;
  }
}

/** Classes of bytes without a boundary between them; a boundary is the first byte of a range or the one after its last. */
export function byteClasses(boundaries: Iterable<number>): Uint8Array {
  const isBoundary = new Uint8Array(257);
  for (const byte of boundaries) isBoundary[byte] = 1;
  const classOf = new Uint8Array(256);
  let current = 0;
  for (let byte = 1; byte < 256; byte++) {
    if (isBoundary[byte] === 1) current++;
    classOf[byte] = current;
  }
  return classOf;
}

/** Boundaries between the classes. */
export function classBoundaries(classOf: Uint8Array): number[] {
  return Array.from(classOf.keys()).filter((byte) => byte > 0 && classOf[byte] !== classOf[byte - 1]);
}

/** The first byte of each class. */
function representatives(classOf: Uint8Array): number[] {
  return [0, ...classBoundaries(classOf)];
}

function trim(
  { states, nClasses, next: all }: ExploredStates<unknown>,
  isAccepting: readonly boolean[],
  classOf: Uint8Array,
): Dfa | null {
  const canEnd = reachBack({ states, nClasses, next: all }, isAccepting);
  if (canEnd[0] === 0) return null;
  // (states) the new number of a state, or −1
  const numbers = new Int32Array(states.length).fill(-1);
  let nStates = 0;
  for (let i = 0; i < states.length; i++) if (canEnd[i] === 1) numbers[i] = nStates++;
  const next = new Int32Array(nStates * nClasses).fill(-1);
  const accepting = new Uint8Array(nStates);
  const hasNext = new Uint8Array(nStates);
  for (let old = 0; old < states.length; old++) {
    const state = numbers[old]!;
    if (state < 0) continue;
    accepting[state] = isAccepting[old] ? 1 : 0;
    for (let i = 0; i < nClasses; i++) {
      const to = all[old * nClasses + i]!;
      if (to < 0 || numbers[to]! < 0) continue;
      next[state * nClasses + i] = numbers[to]!;
      hasNext[state] = 1;
    }
  }
  return { nStates, classOf, nClasses, next, isAccepting: accepting, hasNext };
}

/** (states) 1 where a state leads to one that is wanted, or is one. */
export function reachBack(
  { states, nClasses, next }: ExploredStates<unknown>,
  isWanted: readonly boolean[],
): Uint8Array {
  const nStates = states.length;
  // Edges by their end, as in a counting sort: those into state s are sources[first[s] .. first[s + 1]].
  const first = new Int32Array(nStates + 1);
  for (const to of next) if (to >= 0) first[to + 1]!++;
  for (let i = 0; i < nStates; i++) first[i + 1]! += first[i]!;
  const sources = new Int32Array(first[nStates]!);
  const filled = first.slice();
  next.forEach((to, i) => {
    if (to >= 0) sources[filled[to]!++] = Math.floor(i / nClasses);
  });
  const reached = new Uint8Array(nStates);
  const pending: number[] = [];
  isWanted.forEach((is, state) => {
    if (!is) return;
    reached[state] = 1;
    pending.push(state);
  });
  while (pending.length > 0) {
    const to = pending.pop()!;
    for (let i = first[to]!; i < first[to + 1]!; i++) {
      const from = sources[i]!;
      if (reached[from] === 1) continue;
      reached[from] = 1;
      pending.push(from);
    }
  }
  return reached;
}
