// From a nondeterministic automaton to a deterministic one.

import type { WorkBudget } from '../work.js';
import { byteClasses, type Dfa, exploreDfa } from './dfa.js';
import type { LookaheadSets } from './lookaheads.js';
import type { Nfa } from './nfa.js';

/**
 * States an automaton is in at once, each with the lookaheads that are still to hold for it: `set * 2 * nStates +
 * 2 * state`, plus 1 where the state was reached through the end of the text, after which nothing may follow.
 */
type StateSet = readonly number[];

/** @returns null when no text is accepted @throws ToolkitError `LIMIT_EXCEEDED` */
export function determinize(nfa: Nfa, lookaheads: LookaheadSets, work: WorkBudget): Dfa | null {
  const { byteEdges, freeEdges, nStates, start, end } = nfa;
  const boundaries = new Set<number>(lookaheads.boundaries);
  for (const edges of byteEdges) for (const { first, last } of edges ?? []) boundaries.add(first).add(last + 1);
  const width = 2 * nStates;
  return exploreDfa<StateSet>({
    start: close([2 * start], true),
    key: (states) => states.join(),
    isAccepting: (states) =>
      states.some((one) => (one % width) >> 1 === end && lookaheads.isMet(Math.floor(one / width))),
    classOf: byteClasses(boundaries),
    work,
    step(states, byte) {
      work.spend(2 * states.length);
      const targets: number[] = [];
      for (const one of states) {
        const state = one % width;
        if (state % 2 === 1) continue;
        const edges = byteEdges[state >> 1];
        if (edges === undefined) continue;
        const set = one < width ? 0 : lookaheads.step(Math.floor(one / width), byte);
        if (set < 0) continue;
        for (const { first, last, to } of edges) {
          if (byte >= first && byte <= last) targets.push(set * width + 2 * to);
        }
      }
      return targets.length === 0 ? null : close(targets, false);
    },
  });

  /** Adds what can be reached without a byte, and keeps the states that a byte leads on from and the end. */
  function close(from: readonly number[], isStart: boolean): StateSet {
    const found = new Set(from);
    for (const one of found) {
      const state = one % width;
      for (const { when, to } of freeEdges[state >> 1] ?? []) {
        let set = (one - state) / width;
        if (when === 'start' && !isStart) continue;
        if (typeof when === 'object') set = lookaheads.add(set, when, isStart);
        if (set >= 0) found.add(set * width + 2 * to + (when === 'end' ? 1 : state % 2));
      }
    }
    work.spend(2 * found.size);
    const kept: number[] = [];
    for (const one of found) {
      const state = one % width;
      if (state >> 1 === end || (state % 2 === 0 && byteEdges[state >> 1] !== undefined)) kept.push(one);
    }
    return kept.sort((a, b) => a - b);
  }
}
