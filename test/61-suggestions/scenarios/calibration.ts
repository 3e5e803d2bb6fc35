// Calibration texts and target sizes where they do not fit, and files that need their texts.

import { truncate, writeFile } from 'node:fs/promises';
import { exportModel, quantizeModel } from '@llama-ts/exporter';
import type { Flags, Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub } from './hub-of-sample.js';

const story = 'Once upon a time there was a fox who lived in a wood. ';
const text = { name: 'story.txt', sha256: '0'.repeat(64), tokens: [1, 2, 3, 4], prefix: [] };

async function take(s: Situation, ...names: readonly string[]): Promise<void> {
  for (const name of names) await s.take(name);
  await s.write('story.txt', story.repeat(20));
}

async function takeCalibrated(s: Situation, ...names: readonly string[]): Promise<void> {
  await take(s, 'checkpoint', ...names);
  const { exitCode, stderr } = await s.run('llama export checkpoint small.bin --version 3 --calibrate story.txt');
  if (exitCode !== 0) throw new Error(stderr);
}

async function drain(events: AsyncGenerator<unknown, unknown>): Promise<void> {
  for (let next = await events.next(); next.done !== true; ) next = await events.next();
}

const versionOf = (flags: Flags): 2 | 3 => (flags.get('version') === '3' ? 3 : 2);

export const calibrationScenarios: readonly Scenario[] = [
  {
    title: 'a calibration text for a model without a tokenizer',
    code: 'NO_TOKENIZER',
    prepare: (s) => take(s, 'plain.bin'),
    command: 'llama quantize plain.bin small.bin --version 3 --calibrate story.txt',
  },
  {
    title: 'a calibration text for a model without settings',
    code: 'SETTINGS_UNKNOWN',
    prepare: (s) => take(s, 'plain.bin', 'model.bin'),
    call: async (s) => {
      const isComplete = (await s.run('cmp plain.bin model.bin')).exitCode === 0;
      const calibrate = { ...text, prefix: isComplete ? [1] : [] };
      const options = { output: s.path('small.bin'), version: 3, calibrate, force: true } as const;
      await drain(quantizeModel({ input: s.path('plain.bin'), ...options }));
    },
    acts: [[/^calibrate from a file with a trailer/, (s) => s.run('cp model.bin plain.bin')]],
  },
  {
    title: 'a calibration text for a version that has no use for it',
    code: 'INVALID_ARGUMENT',
    prepare: (s) => take(s, 'checkpoint'),
    call: (s, flags) =>
      drain(
        exportModel({
          source: s.path('checkpoint'),
          output: s.path('small.bin'),
          version: versionOf(flags),
          calibrate: text,
          force: true,
        }),
      ),
  },
  {
    title: 'a calibration text without tokens',
    code: 'BAD_TEXT',
    prepare: async (s) => [await take(s, 'checkpoint'), await s.write('empty.txt', '')],
    command: 'llama export checkpoint small.bin --version 3 --calibrate empty.txt',
    fill: { TEXT: 'story.txt' },
  },
  {
    title: 'a calibration text that is too long',
    code: 'LIMIT_EXCEEDED',
    prepare: async (s) => {
      await take(s, 'checkpoint');
      await writeFile(s.path('long text.txt'), story.repeat(2000));
      await truncate(s.path('long text.txt'), 300_000_000);
    },
    command: "llama export checkpoint small.bin --version 3 --calibrate 'long text.txt'",
    acts: [[/head -c/, () => ({ command: 'llama export checkpoint small.bin --version 3 --calibrate part.txt' })]],
  },
  {
    title: 'a calibration of weights that are streamed',
    code: 'INVALID_ARGUMENT',
    prepare: async (s) => [await take(s), await withHub(s, 'owner/model')],
    command: 'llama export owner/model small.bin --stream --version 3 --calibrate story.txt',
  },
  {
    title: 'a calibrated file to be verified without its text',
    code: 'CALIBRATION_TEXT',
    prepare: (s) => takeCalibrated(s),
    command: 'llama verify small.bin --against checkpoint',
    fill: { TEXT: 'story.txt' },
  },
  {
    title: 'a file to be verified with a text that it was not quantized with',
    code: 'CALIBRATION_TEXT',
    prepare: (s) => take(s, 'v3.bin', 'checkpoint'),
    command: 'llama verify v3.bin --against checkpoint --calibrate story.txt',
  },
  {
    title: 'a calibration text for a verification without a source',
    code: 'USAGE',
    prepare: (s) => takeCalibrated(s),
    command: 'llama verify small.bin --calibrate story.txt',
    fill: { REPO_OR_DIR_OR_BIN: 'checkpoint' },
  },
  {
    title: 'a target size that no file of the model has',
    code: 'TARGET_SIZE',
    prepare: (s) => take(s, 'checkpoint'),
    command: 'llama export checkpoint small.bin --version 3 --target-size 10kB',
  },
  {
    title: 'a target size of weights that are streamed',
    code: 'INVALID_ARGUMENT',
    prepare: async (s) => [await take(s), await withHub(s, 'owner/model')],
    command: 'llama export owner/model small.bin --stream --version 3 --target-size 10MB',
  },
  {
    title: 'a target size for a version that has one size',
    code: 'INVALID_ARGUMENT',
    prepare: (s) => take(s, 'checkpoint'),
    call: (s, flags) =>
      drain(
        exportModel({
          source: s.path('checkpoint'),
          output: s.path('small.bin'),
          version: versionOf(flags),
          targetSize: 10_000_000,
          force: true,
        }),
      ),
  },
];
