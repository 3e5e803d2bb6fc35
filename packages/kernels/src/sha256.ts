// SHA-256 of bytes that arrive piece by piece. Where the CPU has instructions for it, several digests are computed at once
// and beside the caller's work: one alone leaves those instructions idle for almost half of the time.

import { createHash } from 'node:crypto';
import { type Addon, findAddon } from './native/addon.js';
import { callNative } from './native/call-native.js';

/** A digest under way. */
export interface Sha256 {
  /** Adds bytes, which must stay as they are until the promise resolves; it never rejects. */
  update(bytes: Uint8Array): Promise<void>;
  /** Waits for all that was added and ends it: 32 bytes. */
  digest(): Promise<Uint8Array>;
}

let open: (() => Sha256) | null = null;

/**
 * Starts a digest.
 *
 * @example
 * const hash = startSha256();
 * await hash.update(bytes);
 * const digest = await hash.digest();
 */
export function startSha256(): Sha256 {
  open ??= hasher(findAddon());
  return open();
}

function hasher(addon: Addon | null): () => Sha256 {
  return addon?.Sha256Streams === undefined ? libraryHasher : nativeHasher(addon.Sha256Streams);
}

/** One after the other, on the caller's thread. */
function libraryHasher(): Sha256 {
  const hash = createHash('sha256');
  return {
    async update(bytes) {
      hash.update(bytes);
    },
    digest: async () => new Uint8Array(hash.digest()),
  };
}

/** A piece that is being hashed. */
interface Piece {
  /** Kept: the thread reads them. */
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
}

function nativeHasher(Sha256Streams: NonNullable<Addon['Sha256Streams']>): () => Sha256 {
  const pieces = new Map<number, Piece>();
  let nextPiece = 0;
  const streams = callNative(
    'sha256',
    () =>
      new Sha256Streams(() => {
        for (const id of streams.takeHashed()) {
          const { resolve } = pieces.get(id)!;
          pieces.delete(id);
          resolve();
        }
      }),
  );
  /** Of digests that nobody ended. */
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
