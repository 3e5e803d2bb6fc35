// The shards of a folder, each read once from front to back and hashed on the way: their digests cost no second reading,
// and are those of the very bytes that were exported.

import { hexOf } from '@llama-ts/base';
import type { SourceFile } from '@llama-ts/format';
import { type Sha256, startSha256 } from '@llama-ts/kernels';
import { NOTHING_LEFT } from '../weights/weight-rows.js';
import type { TensorPass } from './weight-stream.js';

/** Bytes read at a time of what is only hashed. */
const GAP_BYTES = 1024 * 1024;

/** An open file that can be read anywhere. */
export interface PassedFile {
  readonly byteLength: number;
  readBytes(byteOffset: number, into: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** The place of a tensor. */
export interface PassedTensor {
  /** Path of its file. */
  readonly shard: string;
  /** Offset from the start of the file. */
  readonly byteOffset: number;
}

/** Options of {@link openShardPass}. */
export interface ShardPassOptions {
  /** Open files by path. */
  readonly files: ReadonlyMap<string, PassedFile>;
  /** Tensors of all files by name, those of a file in the order of its data. */
  readonly tensors: ReadonlyMap<string, PassedTensor>;
  /** Whether a file has to be hashed. */
  readonly isHashed: (path: string) => boolean;
}

/** A file, and how far it was read. */
interface Passing {
  readonly path: string;
  readonly file: PassedFile;
  /** null where it need not be hashed. */
  readonly hash: Sha256 | null;
  position: number;
}

/** Starts a pass over open files, which stay open; reads nothing yet. */
export function openShardPass({ files, tensors, isHashed }: ShardPassOptions): TensorPass {
  const places = new Map([...tensors.keys()].map((name, place) => [name, place]));
  const passing = [...files].map(([path, file]): Passing => {
    return { path, file, hash: isHashed(path) ? startSha256() : null, position: 0 };
  });
  const gap = new Uint8Array(GAP_BYTES);

  /** Hashes the bytes up to `end` of a file. */
  const skipTo = async (shard: Passing, end: number, signal: AbortSignal | undefined): Promise<void> => {
    if (shard.hash === null) shard.position = end;
    while (shard.position < end) {
      const bytes = gap.subarray(0, Math.min(GAP_BYTES, end - shard.position));
      await shard.file.readBytes(shard.position, bytes, signal);
      await shard.hash!.update(bytes);
      shard.position += bytes.byteLength;
    }
  };

  return {
    placeOf: (name) => places.get(name)!,
    fileOf: (name) => passing.findIndex(({ path }) => path === tensors.get(name)!.shard),
    async readNext(name, start, into, signal) {
      const tensor = tensors.get(name)!;
      const shard = passing.find(({ path }) => path === tensor.shard)!;
      const from = tensor.byteOffset + start;
      if (from < shard.position) {
        // Tensors of torch.save may be the same bytes, which are hashed once.
        await shard.file.readBytes(from, into, signal);
        return NOTHING_LEFT;
      }
      await skipTo(shard, from, signal);
      await shard.file.readBytes(from, into, signal);
      shard.position = from + into.byteLength;
      return shard.hash === null ? NOTHING_LEFT : { hashed: shard.hash.update(into), stored: null };
    },
    async finish(signal) {
      const passed: SourceFile[] = [];
      for (const shard of passing) {
        const { path, file, hash } = shard;
        if (hash === null) continue;
        await skipTo(shard, file.byteLength, signal);
        const sha256 = hexOf(await hash.digest());
        passed.push({ path, byteLength: file.byteLength, sha256 });
      }
      return passed;
    },
  };
}
