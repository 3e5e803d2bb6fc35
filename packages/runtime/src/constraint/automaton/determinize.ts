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
  const edges = flatten(byteEdges, nStates);
  // (2 · nStates) the number of the last call of close that found a state without lookaheads
  const foundBy = new Uint32Array(width);
  let nCloses = 0;
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
        const from = edges.starts[state >> 1]!;
        const until = edges.starts[(state >> 1) + 1]!;
        if (from === until) continue;
        const set = one < width ? 0 : lookaheads.step(Math.floor(one / width), byte);
        if (set < 0) continue;
        for (let i = from; i < until; i++) {
          if (byte >= edges.first[i]! && byte <= edges.last[i]!) targets.push(set * width + 2 * edges.to[i]!);
        }
      }
      return targets.length === 0 ? null : close(targets, false);
    },
  });

  /** Adds what can be reached without a byte, and keeps the states that a byte leads on from and the end. */
  function close(from: readonly number[], isStart: boolean): StateSet {
    const found: number[] = [];
    const withLookaheads = new Set<number>();
    nCloses++;
    for (const one of from) find(one);
    for (let i = 0; i < found.length; i++) {
      const one = found[i]!;
      const state = one % width;
      const free = freeEdges[state >> 1];
      if (free === undefined) continue;
      for (const { when, to } of free) {
        let set = (one - state) / width;
        if (when === 'start' && !isStart) continue;
        if (typeof when === 'object') set = lookaheads.add(set, when, isStart);
        if (set >= 0) find(set * width + 2 * to + (when === 'end' ? 1 : state % 2));
      }
    }
    work.spend(2 * found.length);
    const kept: number[] = [];
    for (const one of found) {
      const state = one % width;
      if (state >> 1 === end || (state % 2 === 0 && byteEdges[state >> 1] !== undefined)) kept.push(one);
    }
    return kept.sort((a, b) => a - b);

    function find(one: number): void {
      if (one < width) {
        if (foundBy[one] === nCloses) return;
        foundBy[one] = nCloses;
      } else {
        if (withLookaheads.has(one)) return;
        withLookaheads.add(one);
      }
      found.push(one);
    }
  }
}

/** The edges of state s are those from starts[s] to starts[s + 1]: packed, since each step scans all of its states' edges. */
function flatten(byteEdges: Nfa['byteEdges'], nStates: number) {
  const starts = new Uint32Array(nStates + 1);
  for (let i = 0; i < nStates; i++) starts[i + 1] = starts[i]! + (byteEdges[i]?.length ?? 0);
  const nEdges = starts[nStates]!;
  const [first, last, to] = [new Uint8Array(nEdges), new Uint8Array(nEdges), new Uint32Array(nEdges)];
  byteEdges.forEach((edges, state) => {
    edges?.forEach((edge, i) => {
      const at = starts[state]! + i;
      first[at] = edge.first;
      last[at] = edge.last;
      to[at] = edge.to;
    });
  });
  return { starts, first, last, to };
}
