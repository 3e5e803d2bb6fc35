// Damaged .bin files and files that are none.

import { readFile, truncate, writeFile } from 'node:fs/promises';
import { openFile } from '@llama-ts/base';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub } from './hub-of-sample.js';

/** What the user of a damaged file knows: where it came from. */
const fill = { REPO_OR_DIR: 'checkpoint' };

/** A copy of a fixture with some bytes changed. */
async function damaged(s: Situation, name: string, change: (bytes: Buffer) => Buffer | number): Promise<void> {
  await s.take('checkpoint');
  const path = await s.take(name);
  const bytes = await readFile(path);
  const changed = change(bytes);
  await writeFile(path, typeof changed === 'number' ? bytes : changed);
}

const flipTrailer = (bytes: Buffer): number =>
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 200) ^ 1, bytes.length - 200);

/** Exporting anew over the damaged file mends it, and keeps its version. */
const isMended = (version: number, name = 'model.bin') =>
  [
    [
      /export (?:it|the model) again/,
      async (s: Situation) => {
        const { exitCode, stdout, stderr } = await s.run(`llama inspect ${name} --json`);
        if (exitCode !== 0) throw new Error(stderr);
        const found = (JSON.parse(stdout) as { version: number }).version;
        if (found !== version) throw new Error(`exported as version ${found}, where version ${version} was damaged`);
      },
    ],
  ] as const;

export const formatScenarios: readonly Scenario[] = [
  {
    title: 'a file that shrinks while it is read',
    code: 'FILE_SHRANK',
    prepare: (s) => s.write('model.bin', new Uint8Array(1000)),
    async call(s) {
      const source = await openFile(s.path('model.bin'));
      if (source.byteLength === 1000) await truncate(s.path('model.bin'), 500);
      try {
        await source.read(0, source.byteLength);
      } finally {
        await source.close();
      }
    },
    acts: [[/^wait until nothing writes/, (s) => s.write('model.bin', new Uint8Array(2000))]],
  },
  {
    title: 'a pipe in place of a model file',
    code: 'FILE_UNREADABLE',
    prepare: (s) => s.run('rm -f pipe.bin; mkfifo pipe.bin'),
    call: (s) => openFile(s.path('pipe.bin')),
  },
  {
    title: 'a model file without permission to read it',
    code: 'FILE_UNREADABLE',
    needs: 'modes',
    prepare: async (s) => {
      await s.take('model.bin', "it's $1.bin");
      await s.run(`chmod 000 "it's \\$1.bin"`);
    },
    command: `llama inspect "it's \\$1.bin"`,
  },
  {
    title: 'a trailer with one wrong byte, of a v1 file',
    code: 'BAD_TRAILER',
    prepare: (s) => damaged(s, 'model.bin', flipTrailer),
    command: 'llama run model.bin -n 1',
    fill,
    checks: isMended(1),
  },
  {
    title: 'a trailer with one wrong byte, of a v2 file',
    code: 'BAD_TRAILER',
    prepare: (s) => damaged(s, 'v2.bin', flipTrailer),
    command: 'llama run v2.bin -n 1',
    fill,
    checks: isMended(2, 'v2.bin'),
  },
  {
    title: 'a record of the table of tensors that names another place',
    code: 'BAD_HEADER',
    prepare: (s) => damaged(s, 'v3.bin', (bytes) => bytes.writeUInt8(1, 256 + 64 + 8)),
    command: 'llama run v3.bin -n 1',
    fill,
    checks: isMended(3, 'v3.bin'),
  },
  {
    title: 'a v3 file that ends in its table of tensors',
    code: 'BAD_LENGTH',
    prepare: (s) => damaged(s, 'v3.bin', (bytes) => bytes.subarray(0, 1000)),
    command: 'llama inspect v3.bin',
    fill,
    checks: isMended(3, 'v3.bin'),
  },
  {
    title: 'a v3 file of a width that its groups do not divide',
    code: 'BAD_HEADER',
    prepare: (s) => damaged(s, 'v3.bin', (bytes) => bytes.writeInt32LE(130, 12)),
    command: 'llama run v3.bin -n 1',
    fill,
    checks: isMended(3, 'v3.bin'),
  },
  {
    title: "a header that does not match the trailer's checksum",
    code: 'BAD_HEADER',
    // The number of key/value heads; the layout stays possible, so only the sha256 shows it.
    prepare: (s) => damaged(s, 'model.bin', (bytes) => bytes.writeInt32LE(bytes.readInt32LE(32) - 1, 32)),
    command: 'llama inspect model.bin',
    fill,
    checks: isMended(1),
  },
  {
    title: 'an unknown version',
    code: 'BAD_VERSION',
    prepare: (s) => damaged(s, 'model.bin', (bytes) => bytes.writeInt32LE(7, 4)),
    command: 'llama run model.bin -n 1',
    fill,
    checks: isMended(1),
  },
  {
    title: 'an impossible header',
    code: 'BAD_HEADER',
    prepare: (s) => damaged(s, 'model.bin', (bytes) => bytes.writeInt32LE(-5, 8)),
    command: 'llama run model.bin -n 1',
    fill,
    checks: isMended(1),
  },
  {
    title: 'a text file in place of a model',
    code: 'NOT_A_MODEL',
    prepare: async (s) => {
      await withHub(s, 'meta-llama/Llama-3.2-1B-Instruct');
      await s.write('notes.bin', 'Dear diary, '.repeat(100));
    },
    command: 'llama run notes.bin -n 1',
    fill,
  },
  {
    title: 'a norm that is NaN',
    code: 'BAD_WEIGHTS',
    prepare: (s) => damaged(s, 'plain.bin', (bytes) => bytes.writeFloatLE(Number.NaN, 256)),
    command: 'llama inspect plain.bin',
    fill,
    checks: isMended(1, 'plain.bin'),
  },
  {
    title: 'a truncated v1 file',
    code: 'BAD_LENGTH',
    prepare: (s) => damaged(s, 'model.bin', (bytes) => bytes.subarray(0, 100_000)),
    command: 'llama run model.bin -n 1',
    fill,
    checks: isMended(1),
  },
  {
    title: 'a truncated v0 file',
    code: 'NOT_A_MODEL',
    prepare: (s) => damaged(s, 'v0.bin', (bytes) => bytes.subarray(0, 100_000)),
    command: 'llama inspect v0.bin',
    fill,
    checks: isMended(1, 'v0.bin'),
  },
  {
    title: 'a group size that does not divide',
    code: 'BAD_GROUP_SIZE',
    prepare: (s) => s.take('model.bin'),
    command: 'llama quantize model.bin small.bin --group-size 7',
  },
  {
    title: 'a damaged tokenizer.bin',
    code: 'BAD_TOKENIZER',
    async prepare(s) {
      await s.take('plain.bin');
      await damaged(s, 'tokenizer.bin', (bytes) => bytes.subarray(0, 1000));
    },
    command: 'llama run plain.bin -z tokenizer.bin -n 1 -i Once --rope-theta 500000 --rope-scaling none',
    fill,
    checks: [
      [
        /tokenizer\.bin/,
        async (s) => {
          const { exitCode, stderr } = await s.run(
            'llama run plain.bin -z tokenizer.bin -n 1 -i Once --rope-theta 500000 --rope-scaling none',
          );
          if (exitCode !== 0) throw new Error(stderr);
        },
      ],
    ],
  },
];
