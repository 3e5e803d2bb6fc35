// Memory of a prefix cache: blocks of positions, taken from the model in pieces until a number of bytes is reached, and kept.

import type { KeyValueCache } from '@llama-ts/kernels';
import { isOutOfMemory } from '../model/memory-limit.js';
import type { Model } from '../model/model.js';
import type { CachePosition } from './copy-positions.js';

/** Lends blocks. */
export interface BlockPool {
  /** Positions of a block. */
  readonly blockPositions: number;
  /** Bytes of the pieces so far. */
  readonly byteLength: number;
  /** The first position of a free block; null where all are lent and no more bytes may be taken. */
  take(): CachePosition | null;
  give(block: CachePosition): void;
  /** Frees the pieces, and takes no more. */
  close(): void;
}

/** Small enough that a branch in the middle of a block wastes little. */
const BLOCK_POSITIONS = 16;
/** Bytes of a piece, about: a cache that is hardly used takes little, and one that is used few pieces. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** A pool of the model's default element type that takes at most `maxBytes`, fewer where memory runs out. */
export function createBlockPool(
  model: Pick<Model, 'createCache' | 'contextLength'>,
  maxBytes: number,
  bytesPerPosition: number,
): BlockPool {
  const blockPositions = Math.min(BLOCK_POSITIONS, model.contextLength);
  const blockBytes = blockPositions * bytesPerPosition;
  const pieceBlocks = Math.max(
    1,
    Math.min(Math.floor(model.contextLength / blockPositions), Math.floor(PIECE_BYTES / blockBytes)),
  );
  let nBlocksLeft = Math.floor(maxBytes / blockBytes);
  let byteLength = 0;
  let free: CachePosition[] = [];

  function takePiece(): void {
    const nBlocks = Math.min(pieceBlocks, nBlocksLeft);
    if (nBlocks === 0) return;
    let cache: KeyValueCache;
    try {
      cache = model.createCache({ positions: nBlocks * blockPositions });
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      nBlocksLeft = 0;
      return;
    }
    nBlocksLeft -= nBlocks;
    byteLength += nBlocks * blockBytes;
    // The first block is taken first, so that blocks taken one after another are neighbours, which copy in one go.
    for (let i = nBlocks - 1; i >= 0; i--) free.push({ cache, position: i * blockPositions });
  }

  return {
    blockPositions,
    get byteLength() {
      return byteLength;
    },
    take() {
      if (free.length === 0) takePiece();
      return free.pop() ?? null;
    },
    give(block) {
      free.push(block);
    },
    close() {
      free = [];
      nBlocksLeft = 0;
      byteLength = 0;
    },
  };
}
