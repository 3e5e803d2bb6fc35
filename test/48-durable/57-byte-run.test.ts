// Bytes written in order: every byte in its place, each page once.

import { strict as assert } from 'node:assert';
import * as nodeFiles from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_BYTES } from '@llama-ts/base';
import { createDurableFile, type FileLayer } from '@llama-ts/durable';
import fc from 'fast-check';
import { withFolder } from './support.js';

/** A stretch of the file that one write took. */
interface Written {
  readonly start: number;
  readonly end: number;
}

/** The machine's files, with a note of every write. */
function notingLayer(written: Written[]): FileLayer {
  const open = async (...args: Parameters<FileLayer['open']>) => {
    const handle = await nodeFiles.open(...args);
    const write = handle.write.bind(handle);
    Object.assign(handle, {
      write: async (bytes: Uint8Array, start: number, byteLength: number, position: number) => {
        const done = await write(bytes, start, byteLength, position);
        if (typeof position === 'number') written.push({ start: position, end: position + done.bytesWritten });
        return done;
      },
    });
    return handle;
  };
  return { ...nodeFiles, open: open as FileLayer['open'] };
}

describe('a run of bytes for direct writes', () => {
  it('has every byte in its place and writes no page twice, whatever the lengths of its parts', () =>
    withFolder((folder) =>
      fc.assert(
        fc.asyncProperty(
          fc.nat(3 * PAGE_BYTES),
          fc.array(fc.oneof(fc.nat(20), fc.nat(3 * PAGE_BYTES), fc.constantFrom(PAGE_BYTES, 100 * PAGE_BYTES)), {
            maxLength: 8,
          }),
          async (byteOffset, lengths) => {
            const total = lengths.reduce((sum, n) => sum + n, 0);
            const content = Uint8Array.from({ length: total }, (_, i) => (i * 7 + (i >> 8)) % 251);
            const path = join(folder, 'run');
            const written: Written[] = [];
            const file = await createDurableFile(path, { force: true, direct: true, files: notingLayer(written) });
            try {
              await file.writeAt(new Uint8Array(byteOffset), 0);
              written.length = 0;
              const run = file.startRun(byteOffset);
              const writes: Promise<void>[] = [];
              let start = 0;
              for (const length of lengths) {
                writes.push(run.write(content.subarray(start, start + length)));
                start += length;
              }
              writes.push(run.end());
              await Promise.all(writes);
              await file.commit(byteOffset + total);
            } finally {
              await file.discard();
            }
            assert.ok((await readFile(path)).subarray(byteOffset).equals(content));
            written.sort((a, b) => a.start - b.start);
            for (const [i, { start: from }] of written.entries()) {
              if (i > 0) assert.equal(from % PAGE_BYTES, 0, `a write begins at ${from}`);
            }
          },
        ),
        { numRuns: 60 },
      ),
    )).timeout(60_000);
});
