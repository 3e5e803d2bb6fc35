// SHA-256 on a thread of the addon. If the CPU has instructions for it, the thread computes several digests at the same time: a single
// one would leave the instructions idle for almost half of the time.

import type { Sha256 } from '../platform/platform.js';
import { findAddon, type Sha256Streams } from './addon.js';
import { callNative } from './call-native.js';

/** A piece that is being hashed. */
interface Piece {
  /** Kept alive while the thread reads them. */
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
}

/** Digests by the addon; null where it is not there or the CPU has no instructions. */
export function nativeSha256(): (() => Sha256) | null {
  const Streams = findAddon()?.Sha256Streams;
  return Streams === undefined ? null : hasher(Streams);
}

function hasher(Streams: new (onHashed: () => void) => Sha256Streams): () => Sha256 {
  const pieces = new Map<number, Piece>();
  let nextPiece = 0;
  const streams = callNative(
    'sha256',
    () =>
      new Streams(() => {
        for (const id of streams.takeHashed()) {
          const { resolve } = pieces.get(id)!;
          pieces.delete(id);
          resolve();
        }
      }),
  );
  /** Ends the streams of digests that were collected before they ended. */
  const abandoned = new FinalizationRegistry<number>((stream) => streams.discard(stream));
  return () => {
    const stream = streams.open();
    let last: Promise<void> = Promise.resolve();
    const hash: Sha256 = {
      update(bytes) {
        const id = nextPiece;
        nextPiece = (nextPiece + 1) % 2 ** 32;
        last = new Promise<void>((resolve) => {
          pieces.set(id, { bytes, resolve });
        });
        streams.update(stream, bytes, id);
        return last;
      },
      async digest() {
        await last;
        return streams.digest(stream);
      },
    };
    abandoned.register(hash, stream);
    return hash;
  };
}
