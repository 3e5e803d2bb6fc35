// Keys and values of sequences that have ended, by their tokens, so that a later one does not compute the same beginning again.
//
// Rows are copied: into the cache when a sequence gives its memory up, only those that are not there yet, and out of it when
// another one begins. Keys and values depend on nothing but the tokens so far, so a copied row has the bits of a computed one.
// docs/decisions/2026-11-30-prefix-cache.md says why rows are copied and not shared.

import { ToolkitError } from '@llama-ts/base';
import type { KeyValueCache } from '@llama-ts/kernels';
import type { Model } from '../model/model.js';
import { checkKind, checkModel } from '../options/check-options.js';
import { count } from '../options/option-kinds.js';
import { cacheTypeOf } from '../pass/key-value-cache.js';
import { createBlockPool } from './block-pool.js';
import { type CachePosition, copyPositions } from './copy-positions.js';
import { createTokenTree, type Step, type TreeNode } from './token-tree.js';

/** Beginnings of sequences of one model within a bound of bytes; the least recently used are dropped first. */
export interface PrefixCache {
  /** The most bytes that it takes. */
  readonly maxBytes: number;
  /** Bytes that it has taken so far. They are kept. */
  readonly byteLength: number;
  /** How many positions it holds of a sequence that begins with these tokens. */
  match(tokens: readonly number[]): number;
  /**
   * Copies what it holds of a sequence into that sequence's cache, from position `from` on.
   *
   * @returns how many positions it held, from the first; those before `from` are the caller's own
   */
  load(tokens: readonly number[], cache: KeyValueCache, from?: number): number;
  /** Keeps the keys and values of a sequence whose cache holds those of all `tokens`. */
  save(tokens: readonly number[], cache: KeyValueCache): void;
  /** Forgets everything and frees its memory; from then on it keeps nothing. */
  close(): void;
}

/** 8,192 positions of Llama 3.2 1B in float32. */
export const DEFAULT_CACHE_BYTES = 512 * 1024 * 1024;

/** The signal of the model that each prefix cache serves: a copy of a model with other methods has the same signal. */
const models = new WeakMap<PrefixCache, AbortSignal>();

/**
 * A prefix cache that chats of a model may share; an engine has one of its own.
 *
 * @param maxBytes 0 for one that keeps nothing. Memory is taken when it is needed, and kept.
 * @throws ToolkitError `INVALID_OPTION`, `MODEL_CLOSED`
 * @example
 * const prefixCache = createPrefixCache(model);
 * const chats = users.map(() => createChat(model, { system, prefixCache })); // the system prompt is computed once
 */
export function createPrefixCache(model: Model, maxBytes: number = DEFAULT_CACHE_BYTES): PrefixCache {
  checkModel('createPrefixCache', model);
  checkKind('maxBytes', maxBytes ?? null, count);
  model.closed.throwIfAborted();
  const position = model.createCache({ positions: 1 });
  const type = cacheTypeOf(position);
  const pool = createBlockPool(model, maxBytes, position.keys.byteLength + position.values.byteLength);
  const { blockPositions } = pool;
  const tree = createTokenTree<CachePosition>(blockPositions);

  const cache: PrefixCache = {
    maxBytes,
    get byteLength() {
      return pool.byteLength;
    },
    match: (tokens) => lengthOf(tree.find(tokens)),
    load(tokens, own, from = 0) {
      if (cacheTypeOf(own) !== type) return 0;
      const path = tree.find(tokens);
      tree.use(path.map(({ node }) => node));
      for (const { block, at, n } of runsOf(path, from)) copyPositions(block, { cache: own, position: at }, n);
      return lengthOf(path);
    },
    save(tokens, own) {
      // After its model is closed, its memory may be gone.
      if (model.closed.aborted || cacheTypeOf(own) !== type) return;
      const path = new Set<TreeNode<CachePosition>>();
      let parent: TreeNode<CachePosition> | null = null;
      let isKnown = true;
      for (let at = 0; at < tokens.length; at += blockPositions) {
        const next = tokens.slice(at, at + blockPositions);
        const from = { cache: own, position: at };
        let node: TreeNode<CachePosition> | null = isKnown ? knownNode(parent, next, from) : null;
        if (node === null) {
          // All further nodes are new. The path that they hang on is not the least recently used.
          if (isKnown) tree.use([...path]);
          isKnown = false;
          node = newNode(parent, next, from, path);
        }
        if (node === null) break;
        path.add(node);
        parent = node;
      }
      tree.use([...path]);
    },
    close() {
      tree.clear();
      pool.close();
    },
  };
  models.set(cache, model.closed);
  return cache;

  /** The child that holds these tokens, after it got the rows that it lacked; null where there is none. */
  function knownNode(
    parent: TreeNode<CachePosition> | null,
    tokens: readonly number[],
    from: CachePosition,
  ): TreeNode<CachePosition> | null {
    const { node, nTokens } = tree.closest(parent, tokens) ?? { node: null, nTokens: 0 };
    if (node === null || nTokens === tokens.length) return node;
    // A node that is not full and holds the beginning of these tokens.
    if (nTokens < node.tokens.length) return null;
    copyPositions(moved(from, nTokens), moved(node.block, nTokens), tokens.length - nTokens);
    node.tokens.push(...tokens.slice(nTokens));
    return node;
  }

  /** A further child, in the place of the least recently used leaf if all blocks are lent; null if that is on the path. */
  function newNode(
    parent: TreeNode<CachePosition> | null,
    tokens: readonly number[],
    from: CachePosition,
    path: ReadonlySet<TreeNode<CachePosition>>,
  ): TreeNode<CachePosition> | null {
    const block = pool.take() ?? tree.evict(path);
    if (block === null) return null;
    copyPositions(from, block, tokens.length);
    return tree.add(parent, tokens, block);
  }
}

/** @throws ToolkitError `INVALID_OPTION` for the prefix cache of another model */
export function checkPrefixCache(prefixCache: PrefixCache | undefined, model: Model): void {
  if (prefixCache === undefined || models.get(prefixCache) === model.closed) return;
  throw new ToolkitError('INVALID_OPTION', 'prefixCache of another model, expected one of this model');
}

/** Positions that lie one after another in the memory of the cache, and where in the sequence. */
interface Run {
  readonly block: CachePosition;
  readonly at: number;
  readonly n: number;
}

/** The positions of a path from position `from` on, in as few runs as there are. */
function runsOf(path: readonly Step<CachePosition>[], from: number): Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const { node, nTokens } of path) {
    const skipped = Math.min(nTokens, Math.max(0, from - at));
    const block = moved(node.block, skipped);
    const last = runs.at(-1);
    if (skipped < nTokens) {
      const n = nTokens - skipped;
      const isNext = last?.block.cache === block.cache && last.block.position + last.n === block.position;
      if (isNext) runs[runs.length - 1] = { ...last, n: last.n + n };
      else runs.push({ block, at: at + skipped, n });
    }
    at += nTokens;
  }
  return runs;
}

function lengthOf(path: readonly Step<unknown>[]): number {
  return path.reduce((sum, { nTokens }) => sum + nTokens, 0);
}

function moved({ cache, position }: CachePosition, n: number): CachePosition {
  return { cache, position: position + n };
}
