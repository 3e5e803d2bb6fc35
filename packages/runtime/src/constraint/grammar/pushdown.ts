// A pushdown automaton over bytes that is on all of its stacks at once; equal stacks and equal sets of them are one object.

import { tooAmbiguous } from '../ambiguity.js';
import type { GrammarSymbol, Production, Terminal } from './symbols.js';

/** Symbols that are still to come. */
interface Pending {
  readonly id: number;
  readonly symbol: GrammarSymbol;
  readonly rest: Pending | null;
}

/** A terminal that is being read, and the symbols after it. */
interface Position {
  readonly id: number;
  readonly terminal: Terminal;
  readonly state: number;
  readonly rest: Pending | null;
}

/** A position in a text. */
export interface PushdownState {
  readonly id: number;
  readonly positions: readonly Position[];
  /** Whether the text may end here. */
  readonly isComplete: boolean;
  /** Whether a byte may follow. */
  readonly hasNext: boolean;
  /** Whether a key is being read that was not known before: `advance` wants it when it ends. */
  readonly isInOpenKey: boolean;
  /** Whether it takes the last key to know what may follow. */
  readonly isUnsure: boolean;
  /** (256) state after each byte as far as known, null if the byte is not allowed; null before the first step. */
  next: (PushdownState | null | undefined)[] | null;
}

/** Runs a grammar. */
export interface Pushdown {
  start(): PushdownState;
  /** The state after a byte, or null. A key that ends with it counts as unknown: see {@link PushdownState.isUnsure}. */
  step(state: PushdownState, byte: number): PushdownState | null;
  /** The state after a byte that ends the given key, quotes included. */
  stepBehindKey(state: PushdownState, byte: number, key: string): PushdownState | null;
  /** Whether so much is kept that it is time to forget it. */
  readonly isFull: boolean;
  /** Positions looked at so far. */
  readonly nSteps: number;
  /** Frees cached states; states in use stay valid. */
  forget(): void;
}

/** Far more than alternatives that begin alike; a schema that reaches it branches without end. */
const MAX_POSITIONS = 4096;
/** About 2 KB each. */
const MAX_STATES = 16_384;
/** Positions within states, some 40 bytes each. */
const MAX_KEPT = 1_000_000;

export function createPushdown(root: GrammarSymbol): Pushdown {
  let pendings = new Map<string, Pending>();
  let positions = new Map<string, Position>();
  let states = new Map<string, PushdownState>();
  let nextId = 0;
  let nSteps = 0;
  let nKept = 0;

  return {
    start() {
      const found = createGathering(null);
      found.enter(push([root], null));
      return intern(found)!;
    },
    step(state, byte) {
      state.next ??= new Array<PushdownState | null | undefined>(256).fill(undefined);
      const known = state.next[byte];
      if (known !== undefined) return known;
      const found = advance(state, byte, null);
      state.next[byte] = found;
      return found;
    },
    stepBehindKey: (state, byte, key) => advance(state, byte, key),
    get isFull() {
      return states.size > MAX_STATES || nKept > MAX_KEPT;
    },
    get nSteps() {
      return nSteps;
    },
    forget() {
      for (const state of states.values()) state.next = null;
      pendings = new Map();
      positions = new Map();
      states = new Map();
      nKept = 0;
    },
  };

  function advance(state: PushdownState, byte: number, key: string | null): PushdownState | null {
    const found = createGathering(key);
    for (const { terminal, state: from, rest } of state.positions) {
      const to = terminal.scanner.next(from, byte);
      if (to >= 0) found.place(terminal, to, rest);
    }
    return intern(found);
  }

  /** Gathers what a text may be at the same time. */
  function createGathering(key: string | null) {
    const gathered = new Map<number, Position>();
    const seen = new Set<Pending>();
    const waiting: (Pending | null)[] = [];
    let isComplete = false;
    return { enter, place, gathered, isComplete: () => isComplete };

    function enter(first: Pending | null): void {
      waiting.push(first);
      while (waiting.length > 0) {
        const pending = waiting.pop()!;
        nSteps++;
        if (pending === null) {
          isComplete = true;
          continue;
        }
        if (seen.has(pending)) continue;
        seen.add(pending);
        const { symbol, rest } = pending;
        if (symbol.type === 'terminal') put(symbol, 0, rest);
        else for (const production of symbol.alternatives(key)) waiting.push(push(production, rest));
      }
    }

    function place(terminal: Terminal, state: number, rest: Pending | null): void {
      put(terminal, state, rest);
      if (waiting.length > 0) enter(waiting.pop()!);
    }

    function put(terminal: Terminal, state: number, rest: Pending | null): void {
      nSteps++;
      if (terminal.scanner.hasNext(state)) {
        const position = positionOf(terminal, state, rest);
        gathered.set(position.id, position);
      }
      if (terminal.scanner.isAccepting(state)) waiting.push(rest);
    }
  }

  function push(production: Production, rest: Pending | null): Pending | null {
    let pending = rest;
    for (let i = production.length - 1; i >= 0; i--) {
      const symbol = production[i]!;
      const name = `${symbol.id}:${pending?.id ?? -1}`;
      let known = pendings.get(name);
      if (known === undefined) {
        known = { id: nextId++, symbol, rest: pending };
        pendings.set(name, known);
      }
      pending = known;
    }
    return pending;
  }

  function positionOf(terminal: Terminal, state: number, rest: Pending | null): Position {
    const name = `${terminal.id}:${state}:${rest?.id ?? -1}`;
    let known = positions.get(name);
    if (known === undefined) {
      known = { id: nextId++, terminal, state, rest };
      positions.set(name, known);
    }
    return known;
  }

  function intern(found: ReturnType<typeof createGathering>): PushdownState | null {
    const isComplete = found.isComplete();
    if (found.gathered.size === 0 && !isComplete) return null;
    if (found.gathered.size > MAX_POSITIONS) {
      throw tooAmbiguous(`more than ${MAX_POSITIONS} readings of one text, expected fewer`);
    }
    const ids = [...found.gathered.keys()].sort((a, b) => a - b);
    const name = `${ids.join()}${isComplete ? '!' : ''}`;
    const known = states.get(name);
    if (known !== undefined) return known;
    const placed = ids.map((id) => found.gathered.get(id)!);
    const state: PushdownState = {
      id: nextId++,
      positions: placed,
      isComplete,
      hasNext: placed.length > 0,
      isInOpenKey: placed.some(({ terminal }) => terminal.role === 'open-key'),
      isUnsure: placed.some(({ terminal }) => terminal.role === 'unsure'),
      next: null,
    };
    states.set(name, state);
    nKept += placed.length;
    return state;
  }
}
