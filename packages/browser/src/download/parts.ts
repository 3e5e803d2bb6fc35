// The parts of a file that its trailer has checksums of, as far as they are not verified yet.

import type { BinFile } from '@llama-ts/format';
import type { ByteRange } from '../journal.js';

/** A tensor's bytes. */
export interface Part {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  /** (32) its sha256 */
  readonly checksum: Uint8Array;
}

/** The tensors that are not among the ranges that a journal vouches for, in file order. */
export function missingParts({ layout, trailer }: BinFile, vouchedFor: readonly ByteRange[]): readonly Part[] {
  const verified = new Map(vouchedFor);
  return layout.tensors
    .map(({ name, byteOffset, byteLength }, i) => ({
      name,
      begin: byteOffset,
      end: byteOffset + byteLength,
      checksum: trailer!.checksums.tensors[i]!,
    }))
    .filter(({ begin, end }) => verified.get(begin) !== end);
}

/** Parts that follow one another, together: each run is one request. */
export function runsOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1)?.end === part.begin) last.push(part);
    else runs.push([part]);
  }
  return runs;
}
