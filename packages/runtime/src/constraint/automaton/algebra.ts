// Automata of texts that two others accept, that either accepts, that one accepts and the other does not.

import type { WorkBudget } from '../work.js';
import { byteClasses, classBoundaries, type Dfa, dfaStep, exploreDfa } from './dfa.js';

/** Texts that both accept; null when there is none. @throws ToolkitError `LIMIT_EXCEEDED` */
export function intersectDfas(a: Dfa, b: Dfa, work: WorkBudget): Dfa | null {
  return a === b ? a : combine(a, b, (inA, inB) => inA && inB, work);
}

/** Texts that one at least accepts. @throws ToolkitError `LIMIT_EXCEEDED` */
export function uniteDfas(a: Dfa, b: Dfa, work: WorkBudget): Dfa {
  return a === b ? a : combine(a, b, (inA, inB) => inA || inB, work)!;
}

/** Texts that the first accepts and the second does not; null when there is none. @throws ToolkitError `LIMIT_EXCEEDED` */
export function subtractDfas(a: Dfa, b: Dfa, work: WorkBudget): Dfa | null {
  return a === b ? null : combine(a, b, (inA, inB) => inA && !inB, work);
}

function combine(a: Dfa, b: Dfa, isIn: (inA: boolean, inB: boolean) => boolean, work: WorkBudget): Dfa | null {
  const needsA = !isIn(false, true);
  const needsB = !isIn(true, false);
  return exploreDfa<readonly [number, number]>({
    start: [0, 0],
    key: ([p, q]) => p * (b.nStates + 1) + q + 1,
    isAccepting: ([p, q]) => isIn(p >= 0 && a.isAccepting[p] === 1, q >= 0 && b.isAccepting[q] === 1),
    classOf: byteClasses([...classBoundaries(a.classOf), ...classBoundaries(b.classOf)]),
    work,
    step([p, q], byte) {
      const inA = p < 0 ? -1 : dfaStep(a, p, byte);
      const inB = q < 0 ? -1 : dfaStep(b, q, byte);
      if ((inA < 0 && (needsA || inB < 0)) || (inB < 0 && needsB)) return null;
      return [inA, inB];
    },
  });
}

/** Whether an automaton accepts a text. */
export function acceptsText(dfa: Dfa, text: string): boolean {
  let state = 0;
  for (const byte of new TextEncoder().encode(text)) {
    state = dfaStep(dfa, state, byte);
    if (state < 0) return false;
  }
  return dfa.isAccepting[state] === 1;
}

/** How many texts an automaton accepts; infinity, and also more than 2^53 at most, are not counted exactly. */
export function countTexts(dfa: Dfa): number {
  const order = topologicalOrder(dfa);
  if (order === null) return Number.POSITIVE_INFINITY;
  const counts = new Float64Array(dfa.nStates);
  const nBytes = new Int32Array(dfa.nClasses);
  for (const one of dfa.classOf) nBytes[one]!++;
  for (const state of order) {
    counts[state] = dfa.isAccepting[state]!;
    for (let i = 0; i < dfa.nClasses; i++) {
      const to = dfa.next[state * dfa.nClasses + i]!;
      if (to >= 0) counts[state]! += nBytes[i]! * counts[to]!;
    }
  }
  return counts[0]!;
}

/** The texts that an automaton of few accepts, in the order of their bytes. */
export function listTexts(dfa: Dfa): string[] {
  const found: string[] = [];
  const decoder = new TextDecoder();
  const pending: { readonly state: number; readonly bytes: readonly number[] }[] = [{ state: 0, bytes: [] }];
  while (pending.length > 0) {
    const { state, bytes } = pending.pop()!;
    if (dfa.isAccepting[state] === 1) found.push(decoder.decode(Uint8Array.from(bytes)));
    for (let byte = 255; byte >= 0; byte--) {
      const to = dfaStep(dfa, state, byte);
      if (to >= 0) pending.push({ state: to, bytes: [...bytes, byte] });
    }
  }
  return found;
}

/** States, each after those it leads to; null where a state leads back to itself. */
function topologicalOrder(dfa: Dfa): number[] | null {
  const { nStates, nClasses, next } = dfa;
  const nSources = new Int32Array(nStates);
  for (const to of next) if (to >= 0) nSources[to]!++;
  const order: number[] = nSources[0] === 0 ? [0] : [];
  for (const state of order) {
    for (let i = 0; i < nClasses; i++) {
      const to = next[state * nClasses + i]!;
      if (to >= 0 && --nSources[to]! === 0) order.push(to);
    }
  }
  return order.length === nStates ? order.reverse() : null;
}
