// From a nondeterministic automaton to a deterministic one, and the automaton of what two others accept.

import { byteClasses, classBoundaries, type Dfa, dfaStep, exploreDfa } from './dfa.js';
import type { Nfa } from './nfa.js';

/**
 * States an automaton is in at once: odd numbers stand for states that were reached through the end of the text, behind
 * which nothing may follow.
 */
type StateSet = readonly number[];

/** @returns null when no text is accepted @throws ToolkitError `LIMIT_EXCEEDED` */
export function determinize(nfa: Nfa): Dfa | null {
  const { byteEdges, freeEdges, start, end } = nfa;
  const boundaries = new Set(byteEdges.flat().flatMap(({ first, last }) => [first, last + 1]));
  return exploreDfa<StateSet>({
    start: close([2 * start], true),
    key: (states) => states.join(),
    isAccepting: (states) => states.includes(2 * end) || states.includes(2 * end + 1),
    classOf: byteClasses(boundaries),
    step(states, byte) {
      const targets: number[] = [];
      for (const state of states) {
        if (state % 2 === 1) continue;
        for (const { first, last, to } of byteEdges[state / 2]!)
          if (byte >= first && byte <= last) targets.push(2 * to);
      }
      return targets.length === 0 ? null : close(targets, false);
    },
  });

  /** Adds what can be reached without a byte. */
  function close(from: readonly number[], isStart: boolean): StateSet {
    const found = new Set(from);
    for (const state of found) {
      for (const { when, to } of freeEdges[state >> 1]!) {
        if (when === 'start' && !isStart) continue;
        found.add(2 * to + (when === 'end' ? 1 : state % 2));
      }
    }
    return [...found].sort((a, b) => a - b);
  }
}

/** The automaton of texts that both accept; null when there is none. @throws ToolkitError `LIMIT_EXCEEDED` */
export function intersectDfas(a: Dfa, b: Dfa): Dfa | null {
  return exploreDfa<readonly [number, number]>({
    start: [0, 0],
    key: ([p, q]) => `${p},${q}`,
    isAccepting: ([p, q]) => a.isAccepting[p] === 1 && b.isAccepting[q] === 1,
    classOf: byteClasses([...classBoundaries(a.classOf), ...classBoundaries(b.classOf)]),
    step([p, q], byte) {
      const next = [dfaStep(a, p, byte), dfaStep(b, q, byte)] as const;
      return next[0] < 0 || next[1] < 0 ? null : next;
    },
  });
}
