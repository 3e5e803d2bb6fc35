// Outputs that are in the way, cannot be written, or are being written by another process.

import * as nodeFiles from 'node:fs/promises';
import { readdir, rm } from 'node:fs/promises';
import { createDurableFile, type DurableFileOptions, type FileLayer, openLineFile } from '@llama-ts/durable';
import { failure } from '../../helpers/failing-files.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const mended = new Set<Situation>();
const mend = (s: Situation): void => void mended.add(s);
const until = (s: Situation): unknown => s.defer(() => mended.delete(s));

/** Files whose opening fails until the trouble is over. */
function failing(s: Situation, errno: string): FileLayer {
  const open = (...args: Parameters<FileLayer['open']>) =>
    mended.has(s) ? nodeFiles.open(...args) : Promise.reject(failure(errno, 'open'));
  return { ...nodeFiles, open: open as FileLayer['open'] };
}

/** Writes 4 bytes as an output. */
async function writeOutput(s: Situation, options: Partial<DurableFileOptions> = {}): Promise<void> {
  const file = await createDurableFile(s.path('out.bin'), options as DurableFileOptions);
  try {
    await file.writeAt(new Uint8Array(4), 0);
    await file.commit(4);
  } finally {
    await file.discard();
  }
}

/** Opens a file of answers that a run did not finish, or one that holds a part of them. */
async function openAnswers(s: Situation, name = mended.has(s) ? 'part.jsonl' : 'answers.jsonl'): Promise<void> {
  const file = await openLineFile(s.path(name), { settings: {}, decided: {}, countGood: (lines) => lines.length });
  await file.leave();
}

const command = (output: string): string => `llama quantize model.bin ${output}`;
const takeModel = (s: Situation): Promise<string> => s.take('model.bin');

export const outputScenarios: readonly Scenario[] = [
  {
    title: 'a file of answers too long to go on with',
    code: 'LIMIT_EXCEEDED',
    async prepare(s) {
      until(s);
      await openAnswers(s);
      await nodeFiles.truncate(s.path('answers.jsonl'), 300_000_000);
    },
    call: (s) => openAnswers(s),
    acts: [[/^divide the prompts among several files/, mend]],
  },
  {
    title: 'an output in a folder that does not exist',
    code: 'OUTPUT_FOLDER_MISSING',
    prepare: takeModel,
    command: command("'new folder/out.bin'"),
  },
  {
    title: 'an output folder in a folder that does not exist',
    code: 'OUTPUT_FOLDER_MISSING',
    prepare: takeModel,
    command: "llama convert model.bin 'new folder/out' --to safetensors",
  },
  {
    title: 'an output that is a folder',
    code: 'OUTPUT_NOT_A_FILE',
    prepare: async (s) => [await takeModel(s), await s.write('out/notes', '')],
    command: command('out'),
    acts: [[/^name a file in it/, () => ({ command: command('out/out.bin') })]],
  },
  {
    title: 'an output that is a device',
    code: 'OUTPUT_NOT_A_FILE',
    prepare: takeModel,
    command: command('/dev/null'),
    acts: [[/^name another file/, () => ({ command: command('out.bin') })]],
  },
  {
    title: 'an output that is a link to nothing',
    code: 'OUTPUT_NOT_A_FILE',
    prepare: async (s) => [await takeModel(s), await s.run("ln -s nothing 'my out.bin'")],
    command: command("'my out.bin'"),
  },
  {
    title: 'an output that is the input',
    code: 'OUTPUT_IS_INPUT',
    prepare: takeModel,
    command: command('model.bin'),
    acts: [[/^name another file/, () => ({ command: command('out.bin') })]],
  },
  {
    title: 'an output that exists',
    code: 'OUTPUT_EXISTS',
    prepare: async (s) => [await takeModel(s), await s.write('out.bin', 'x')],
    command: command('out.bin'),
  },
  {
    title: 'an output that is read-only',
    code: 'OUTPUT_READ_ONLY',
    prepare: async (s) => [await takeModel(s), await s.write('my out.bin', 'x'), await s.run("chmod 400 'my out.bin'")],
    command: command("'my out.bin' --force"),
  },
  {
    title: 'an output folder that is a file',
    code: 'OUTPUT_NOT_A_FOLDER',
    prepare: async (s) => [await takeModel(s), await s.write('out', 'x')],
    command: 'llama convert model.bin out --to safetensors',
    acts: [[/^name a new folder/, () => ({ command: 'llama convert model.bin new --to safetensors' })]],
  },
  {
    title: 'an output folder with the input in it',
    code: 'OUTPUT_IS_INPUT',
    prepare: async (s) => s.take('model.bin', 'model/model.bin'),
    command: 'llama convert model/model.bin model --to safetensors',
    acts: [[/^name a new folder/, () => ({ command: 'llama convert model/model.bin new --to safetensors' })]],
  },
  {
    title: 'an output folder with other files in it',
    code: 'OUTPUT_HOLDS_OTHER_FILES',
    prepare: async (s) => [await takeModel(s), await s.write('out/notes.txt', 'x')],
    command: 'llama convert model.bin out --to safetensors',
    acts: [[/^name a new folder/, () => ({ command: 'llama convert model.bin new --to safetensors' })]],
  },
  {
    title: 'an output folder that exists',
    code: 'OUTPUT_EXISTS',
    prepare: async (s) => [await takeModel(s), await s.run('llama convert model.bin out --to safetensors')],
    command: 'llama convert model.bin out --to safetensors',
  },
  {
    title: 'an output on a disk without space',
    code: 'DISK_FULL',
    prepare: until,
    call: (s) => writeOutput(s, { files: failing(s, 'ENOSPC') }),
    acts: [[/^free some space/, mend]],
  },
  {
    title: 'an output on a disk with too little space',
    code: 'DISK_FULL',
    prepare: until,
    call: (s) => {
      const statfs = async (path: string) => (mended.has(s) ? nodeFiles.statfs(path) : { bavail: 0, bsize: 4096 });
      return writeOutput(s, { expectedBytes: 4, files: { ...nodeFiles, statfs } as never });
    },
    acts: [[/^free some space/, mend]],
  },
  {
    title: 'an output in a folder of another user',
    code: 'OUTPUT_READ_ONLY',
    prepare: until,
    call: (s) => writeOutput(s, { files: failing(s, 'EACCES') }),
    acts: [[/^name a file in a folder of your own/, mend]],
  },
  {
    title: 'an output on a disk with errors',
    code: 'WRITE_FAILED',
    prepare: until,
    call: (s) => writeOutput(s, { files: failing(s, 'EIO') }),
    acts: [[/^check the disk, or name/, mend]],
  },
  {
    title: 'an output that is smaller than what was written',
    code: 'WRITE_FAILED',
    prepare: until,
    async call(s) {
      const file = await createDurableFile(s.path('out.bin'), {} as DurableFileOptions);
      try {
        await file.writeAt(new Uint8Array(4), 0);
        await file.commit(mended.has(s) ? 4 : 5);
      } finally {
        await file.discard();
      }
    },
    acts: [[/^check the disk, then/, mend]],
  },
  {
    title: 'an output that another process is writing',
    code: 'OUTPUT_BUSY',
    prepare: (s) => holdLock(s, 'out.bin'),
    call: (s) => writeOutput(s),
    acts: [[/^wait until it is done/, (s) => (s as Holding).release?.()]],
  },
  {
    title: 'an output whose lock is a folder',
    code: 'OUTPUT_BUSY',
    async prepare(s) {
      await holdLock(s, 'out.bin');
      const [lock] = (await readdir(s.folder)).filter((name) => name.endsWith('lock'));
      await (s as Holding).release?.();
      await nodeFiles.mkdir(s.path(lock!));
    },
    call: (s) => writeOutput(s),
    acts: [
      [
        /^wait until it is done/,
        async (s) => {
          for (const name of await readdir(s.folder)) await rm(s.path(name), { recursive: true });
        },
      ],
    ],
  },
  {
    title: 'an output whose lock was removed',
    code: 'OUTPUT_BUSY',
    prepare: until,
    async call(s) {
      const file = await createDurableFile(s.path('out.bin'), {} as DurableFileOptions);
      try {
        await file.writeAt(new Uint8Array(4), 0);
        const locks = (await readdir(s.folder)).filter((name) => name.endsWith('lock'));
        if (!mended.has(s)) for (const name of locks) await rm(s.path(name));
        await file.commit(4);
      } finally {
        await file.discard();
      }
    },
    acts: [[/^leave the hidden files/, mend]],
  },
  {
    title: 'results that exist',
    code: 'OUTPUT_EXISTS',
    prepare: async (s) => [
      await takeModel(s),
      await s.write('prompts.jsonl', '{"prompt": "Once"}'),
      await s.write('results.jsonl', 'x\n'),
    ],
    command: 'llama run model.bin --input prompts.jsonl --output results.jsonl -n 2',
    acts: [
      [
        /^name another file/,
        () => ({ command: 'llama run model.bin --input prompts.jsonl --output others.jsonl -n 2' }),
      ],
    ],
  },
];

interface Holding extends Situation {
  release?: () => Promise<unknown>;
}

/** Another writer of the same output. */
async function holdLock(s: Situation, name: string): Promise<void> {
  const file = await createDurableFile(s.path(name), {} as DurableFileOptions);
  (s as Holding).release = () => file.discard();
  s.defer(() => file.discard());
}
