// A file of a repository that is read once, front to back, hashed as it arrives, and not stored.
//
// Before the pass, parts of it may be read out of order: the header, for one. What such a read returned is not checked yet,
// so its sha256 is compared with that of the same bytes in the pass. At the end, length and digest of the whole file must be
// those that the hub lists, and every earlier read must have returned bytes of this file; else the pass fails.

import { createHash, type Hash } from 'node:crypto';
import type { BlobLike } from '@llama-ts/base';
import { noted } from '../noted.js';
import { newContentHash } from './content-hash.js';
import { corrupt } from './hub-failures.js';
import { type ReadContext, readRange } from './remote-file.js';

/** Bytes of one request: few enough to hold two of them, many enough that requests cost nothing. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** A pass over a file. */
export interface FilePass {
  readonly path: string;
  /** Reads out of order, possible until the pass begins. */
  readonly blob: BlobLike;
  /** Fills `into` from `byteOffset`, which must not be before the end of an earlier read. */
  readNext(byteOffset: number, into: Uint8Array): Promise<void>;
  /** Reads the rest and checks everything; returns the sha256 in hex. @throws ToolkitError `HUB_CORRUPT` */
  finish(): Promise<string>;
}

/** Bytes that were read ahead of the pass. */
interface Look {
  readonly start: number;
  readonly end: number;
  /** sha256 of the bytes that were read. */
  readonly sha256: string;
  /** Hash of the bytes as the pass reads them. */
  readonly passing: Hash;
}

/** Opens a pass; requests nothing yet. */
export function openFilePass(context: ReadContext): FilePass {
  const { repo, file } = context;
  const { path, size } = file;
  const looks: Look[] = [];
  const whole = createHash('sha256');
  const listed = newContentHash(file);
  let chunk = new Uint8Array(0);
  let chunkStart = 0;
  let ahead: Promise<ArrayBuffer> | null = null;

  const fetchChunk = (start: number): Promise<ArrayBuffer> | null => {
    if (start >= size) return null;
    return noted(readRange(context, start, Math.min(size, start + CHUNK_BYTES)));
  };
  /** Takes the next chunk, and asks for the one after it. */
  const advance = async (): Promise<void> => {
    const start = chunkStart + chunk.byteLength;
    chunk = new Uint8Array(await (ahead ?? fetchChunk(start))!);
    chunkStart = start;
    const end = start + chunk.byteLength;
    ahead = fetchChunk(end);
    whole.update(chunk);
    if (file.algorithm !== 'sha256') listed.update(chunk);
    for (const look of looks) {
      const [from, to] = [Math.max(look.start, start), Math.min(look.end, end)];
      if (from < to) look.passing.update(chunk.subarray(from - start, to - start));
    }
  };

  return {
    path,
    blob: {
      size,
      slice: (start, end) => ({
        async arrayBuffer() {
          const buffer = await readRange(context, start, end);
          const sha256 = createHash('sha256').update(new Uint8Array(buffer)).digest('hex');
          looks.push({ start, end, sha256, passing: createHash('sha256') });
          return buffer;
        },
      }),
    },
    async readNext(byteOffset, into) {
      for (let done = 0; done < into.byteLength; ) {
        while (chunkStart + chunk.byteLength <= byteOffset + done) await advance();
        const from = byteOffset + done - chunkStart;
        if (from < 0) throw new RangeError(`${path}: byte ${byteOffset + done} has passed by already`);
        const part = chunk.subarray(from, from + into.byteLength - done);
        into.set(part, done);
        done += part.byteLength;
      }
    },
    async finish() {
      while (chunkStart + chunk.byteLength < size) await advance();
      const sha256 = whole.digest('hex');
      const found = file.algorithm === 'sha256' ? sha256 : listed.digest('hex');
      if (found !== file.etag) {
        throw corrupt(`${repo}/${path}: content has ${file.algorithm} ${found}, expected ${file.etag}`).error;
      }
      for (const look of looks) {
        if (look.passing.digest('hex') === look.sha256) continue;
        const where = `bytes ${look.start}-${look.end - 1}`;
        throw corrupt(`${repo}/${path}: ${where} were others when they were first read, expected the same`).error;
      }
      return sha256;
    },
  };
}
