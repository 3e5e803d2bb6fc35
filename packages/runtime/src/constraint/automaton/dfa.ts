// A deterministic automaton over bytes, every state of which can still come to an end.

import { ToolkitError } from '@llama-ts/format';

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

/** What {@link exploreDfa} walks through. */
export interface Exploration<State> {
  readonly start: State;
  /** Equal for equal states. */
  readonly key: (state: State) => string;
  /** The state after a byte of a class, or null. */
  readonly step: (state: State, byte: number) => State | null;
  readonly isAccepting: (state: State) => boolean;
  readonly classOf: Uint8Array;
}

/** Each takes its row of `next`: some ten megabytes in all. */
const MAX_STATES = 50_000;

/** The state after a byte, or −1. */
export function dfaStep(dfa: Dfa, state: number, byte: number): number {
  return dfa.next[state * dfa.nClasses + dfa.classOf[byte]!]!;
}

/**
 * Walks through all states that can be reached, and keeps those from which an end can be.
 *
 * @returns null when there is none: no text is accepted
 * @throws ToolkitError `LIMIT_EXCEEDED`
 */
export function exploreDfa<State>(exploration: Exploration<State>): Dfa | null {
  const { start, key, step, isAccepting, classOf } = exploration;
  const bytes = representatives(classOf);
  const states = [start];
  const numbers = new Map([[key(start), 0]]);
  const rows: number[][] = [];
  for (let i = 0; i < states.length; i++) {
    rows.push(
      bytes.map((byte) => {
        const to = step(states[i]!, byte);
        return to === null ? -1 : numberOf(to);
      }),
    );
  }
  return trim(rows, states.map(isAccepting), classOf);

  function numberOf(state: State): number {
    const name = key(state);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (states.length === MAX_STATES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `automaton: more than ${MAX_STATES} states, expected at most so many`, {
        suggestions: ['take smaller counts: maxLength together with a pattern, or {min,max} within it'],
      });
    }
    numbers.set(name, states.length);
    return states.push(state) - 1;
  }
}

/** Classes of bytes that no boundary lies between; a boundary is the first byte of a range or the one behind its last. */
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

function trim(rows: readonly number[][], isAccepting: readonly boolean[], classOf: Uint8Array): Dfa | null {
  const canEnd = reachBack(rows, isAccepting);
  if (!canEnd[0]) return null;
  const numbers = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) if (canEnd[i]) numbers.set(i, numbers.size);
  const nClasses = rows[0]!.length;
  const nStates = numbers.size;
  const next = new Int32Array(nStates * nClasses).fill(-1);
  const accepting = new Uint8Array(nStates);
  const hasNext = new Uint8Array(nStates);
  for (const [old, state] of numbers) {
    accepting[state] = isAccepting[old] ? 1 : 0;
    rows[old]!.forEach((to, i) => {
      const found = numbers.get(to);
      if (found === undefined) return;
      next[state * nClasses + i] = found;
      hasNext[state] = 1;
    });
  }
  return { nStates, classOf, nClasses, next, isAccepting: accepting, hasNext };
}

/** Whether each state leads to an accepting one. */
function reachBack(rows: readonly number[][], isAccepting: readonly boolean[]): boolean[] {
  const sources: number[][] = rows.map(() => []);
  rows.forEach((row, from) => {
    for (const to of new Set(row)) if (to >= 0) sources[to]!.push(from);
  });
  const reached = [...isAccepting];
  const pending = reached.flatMap((is, state) => (is ? [state] : []));
  while (pending.length > 0) {
    for (const from of sources[pending.pop()!]!) {
      if (reached[from]) continue;
      reached[from] = true;
      pending.push(from);
    }
  }
  return reached;
}
