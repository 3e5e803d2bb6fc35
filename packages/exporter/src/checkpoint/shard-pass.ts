// The shards of a folder, read once from front to back and hashed on the way: their digests cost no second reading, and
// are those of the very bytes that were converted.

import type { SourceFile } from '@llama-ts/format';
import { type Sha256, startSha256 } from '@llama-ts/kernels';
import type { SafetensorsFile, ShardTensorInfo } from '@llama-ts/safetensors';
import { NOTHING_LEFT } from '../output/weight-source.js';
import type { WeightPass } from './weight-stream.js';

/** Bytes read at a time of what is only hashed. */
const GAP_BYTES = 1024 * 1024;

/** What {@link openShardPass} reads. */
export interface ShardPassOptions {
  /** Open files by path, in the order in which they pass by. */
  readonly files: ReadonlyMap<string, SafetensorsFile>;
  /** Tensors of all files by name, those of a file in the order of its data. */
  readonly tensors: ReadonlyMap<string, ShardTensorInfo>;
  /** sha256 by path of files that need no hashing. */
  readonly knownSha256: ReadonlyMap<string, string>;
}

/** A file that passes by, and how far it did. */
interface Passing {
  readonly path: string;
  readonly file: SafetensorsFile;
  /** null where the digest is known. */
  readonly hash: Sha256 | null;
  position: number;
}

/** Starts a pass over open files, which stay open; reads nothing yet. */
export function openShardPass({ files, tensors, knownSha256 }: ShardPassOptions): WeightPass {
  const places = new Map([...tensors.keys()].map((name, place) => [name, place]));
  const passing = [...files].map(([path, file]): Passing => {
    return { path, file, hash: knownSha256.has(path) ? null : startSha256(), position: 0 };
  });
  const gap = Buffer.allocUnsafeSlow(GAP_BYTES);

  /** Hashes what lies before byte `end` of a file. */
  const passOver = async (shard: Passing, end: number, signal: AbortSignal | undefined): Promise<void> => {
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
      if (from < shard.position) throw new RangeError(`${shard.path}: byte ${from} has passed by already`);
      await passOver(shard, from, signal);
      await shard.file.readBytes(from, into, signal);
      shard.position = from + into.byteLength;
      return shard.hash === null ? NOTHING_LEFT : { hashed: shard.hash.update(into) };
    },
    async finish(signal) {
      const passed: SourceFile[] = [];
      for (const shard of passing) {
        const { path, file, hash } = shard;
        await passOver(shard, file.byteLength, signal);
        const sha256 = hash === null ? knownSha256.get(path)! : Buffer.from(await hash.digest()).toString('hex');
        passed.push({ path, byteLength: file.byteLength, sha256 });
      }
      return passed;
    },
  };
}
