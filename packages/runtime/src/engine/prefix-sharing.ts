// What requests share is computed once: a request that begins copies the keys and values that the prefix cache or another
// request has, and waits for those that another request is computing.

import { copyPositions } from '../prefix-cache/copy-positions.js';
import type { PrefixCache } from '../prefix-cache/prefix-cache.js';
import { commonLength } from '../prefix-cache/token-tree.js';
import type { Request } from './request.js';

/** Decides how requests begin. */
export interface PrefixSharing {
  /**
   * Whether a running request may compute in the next pass. One that has computed nothing yet is given what others have
   * computed, or has to wait for them. Between passes only: it copies.
   *
   * @param running all running requests, of which those before it have been asked before
   */
  mayCompute(request: Request, running: readonly Request[]): boolean;
  /** Keeps what a request has computed, whose memory is about to be given to others. */
  keep(request: Request): void;
}

/** Waiting for fewer tokens takes about as long as computing them. */
const MIN_WAIT_TOKENS = 16;

/** A beginning that another request has, or will have before it answers. */
interface SharedWith {
  readonly request: Request;
  readonly nTokens: number;
}

export function createPrefixSharing(prefixCache: PrefixCache): PrefixSharing {
  /** Whom requests wait for. */
  const waits = new Map<Request, SharedWith>();

  return {
    mayCompute(request, running) {
      if (request.hasBegun) return true;
      const awaited = waits.get(request);
      if (awaited !== undefined && isComputing(awaited, running)) return false;
      waits.delete(request);
      const { sequence } = request;
      const stored = prefixCache.match(reusable(request));
      const shared = running.filter((other) => other !== request && isLive(other)).map(sharedWith);
      const computed = longest(shared, ({ request: other, nTokens }) => Math.min(nTokens, other.sequence!.nComputed));
      // Requests that themselves wait, and come later, may be waiting for this one.
      const before = new Set(running.slice(0, running.indexOf(request)));
      const expected = longest(shared, ({ request: other, nTokens }) =>
        other.hasBegun || before.has(other) ? nTokens : 0,
      );
      if (expected.nTokens >= Math.max(stored, computed.nTokens) + MIN_WAIT_TOKENS) {
        waits.set(request, expected as SharedWith);
        return false;
      }
      request.begin(copy(request, stored, computed));
      return true;

      function sharedWith(other: Request): SharedWith {
        const { tokens, nComputed, nPromptLeft } = other.sequence!;
        const most = Math.min(sequence!.nReusable, nComputed + nPromptLeft);
        return { request: other, nTokens: commonLength(sequence!.tokens, tokens, most) };
      }
    },
    keep(request) {
      waits.delete(request);
      handOver(request);
      const { sequence, cache } = request;
      if (sequence !== null && cache !== null) prefixCache.save(sequence.tokens.slice(0, sequence.nComputed), cache);
    },
  };

  /** Gives what a request has computed to the one that waits for most of it; others that wait for it find it there. */
  function handOver(request: Request): void {
    const nComputed = request.sequence?.nComputed ?? 0;
    const heirs = [...waits].filter(([heir, awaited]) => awaited.request === request && isLive(heir));
    const [heir, awaited] = heirs.toSorted(([, a], [, b]) => b.nTokens - a.nTokens)[0] ?? [];
    if (heir === undefined || nComputed === 0) return;
    waits.delete(heir);
    const nTokens = Math.min(awaited!.nTokens, nComputed);
    heir.begin(copy(heir, prefixCache.match(reusable(heir)), { request, nTokens }));
  }

  /** Copies the longer of two beginnings into the memory of a request; returns its length. */
  function copy({ sequence, cache }: Request, nStored: number, computed: Longest): number {
    if (nStored > computed.nTokens) return prefixCache.load(sequence!.tokens.slice(0, nStored), cache!);
    const { request: other, nTokens } = computed;
    if (other !== null) copyPositions({ cache: other.cache!, position: 0 }, { cache: cache!, position: 0 }, nTokens);
    return nTokens;
  }
}

/** The tokens of a request whose keys and values it may copy. */
function reusable({ sequence }: Request): readonly number[] {
  return sequence!.tokens.slice(0, sequence!.nReusable);
}

/** null where nothing is shared. */
interface Longest {
  readonly request: Request | null;
  readonly nTokens: number;
}

function longest(all: readonly SharedWith[], lengthOf: (shared: SharedWith) => number): Longest {
  let best: Longest = { request: null, nTokens: 0 };
  for (const shared of all) {
    const nTokens = lengthOf(shared);
    if (nTokens > best.nTokens) best = { request: shared.request, nTokens };
  }
  return best;
}

/** Whether a request is still at what another one waits for. */
function isComputing({ request, nTokens }: SharedWith, running: readonly Request[]): boolean {
  return isLive(request) && running.includes(request) && request.sequence!.nComputed < nTokens;
}

/** Whether what it has computed may be read. */
function isLive({ isOver, cache, sequence }: Request): boolean {
  return !isOver && cache !== null && sequence !== null;
}
