// Exports, conversions and quantizations of the wrong thing, or of what changes meanwhile.

import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { openFile } from '@llama-ts/base';
import { convertModel, exportModel, quantizeModel } from '@llama-ts/exporter';
import { readBinFile, type TokenizerData } from '@llama-ts/format';
import { writeCheckpoint } from '../../48-durable/support.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const fill = { REPO_OR_DIR: 'checkpoint' };

/** Runs some work to its end, and touches a file after its first event, unless that was done before. */
async function interfered(s: Situation, events: AsyncGenerator<unknown, unknown>, file: string): Promise<void> {
  const isFirstTime = (await readFile(s.path('touched'), 'utf8').catch(() => '')) === '';
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (!isFirstTime || (await readFile(s.path('touched'), 'utf8').catch(() => '')) !== '') continue;
    await s.write('touched', 'yes');
    await utimes(s.path(file), new Date(1), new Date(1));
  }
}

const waited = [[/^wait until nothing writes/, () => undefined]] as const;

/** Changes a byte of the weights. */
async function damageWeights(s: Situation, name: string, byteOffset: number, value: number): Promise<void> {
  const path = s.path(name);
  const bytes = await readFile(path);
  bytes[byteOffset] = value;
  await writeFile(path, bytes);
}

/** Where a tensor of a fixture begins. */
async function placeOf(s: Situation, name: string, tensor: string): Promise<{ values: number; scales: number }> {
  const file = await openFile(s.path(name));
  try {
    const { layout } = await readBinFile(file);
    const { byteOffset, scalesByteOffset } = layout.tensors.find((one) => one.name === tensor)!;
    return { values: byteOffset, scales: scalesByteOffset ?? byteOffset };
  } finally {
    await file.close();
  }
}

const takeAll =
  (...names: string[]) =>
  async (s: Situation): Promise<void> => {
    for (const name of names) await s.take(name);
  };

async function tokenizerOf(s: Situation, name: string): Promise<TokenizerData> {
  const file = await openFile(s.path(name));
  const { trailer } = await readBinFile(file).finally(() => file.close());
  return trailer!.tokenizer!;
}

const plainFlags = '--rope-theta 500000 --rope-scaling none';

export const exporterScenarios: readonly Scenario[] = [
  {
    title: 'a quantized file to be quantized, whose source is the bundled model',
    code: 'ALREADY_QUANTIZED',
    prepare: (s) => s.run('llama export small.bin --version 2'),
    command: 'llama quantize small.bin',
    checks: [
      [
        /--hf sample-model /,
        async (s) => {
          const { exitCode, stderr } = await s.run('cmp small.bin small-q8_0.bin');
          if (exitCode !== 0) throw new Error(stderr);
        },
      ],
    ],
  },
  {
    title: 'a quantized file to be quantized',
    code: 'ALREADY_QUANTIZED',
    prepare: takeAll('v2.bin', 'checkpoint'),
    command: "llama quantize v2.bin 'my small.bin' --group-size 32",
    fill,
    checks: [
      [
        /llama export/,
        async (s) => {
          const { stdout } = await s.run("llama inspect 'my small.bin' --json");
          if (JSON.parse(stdout).groupSize !== 32) throw new Error(`another group size: ${stdout}`);
        },
      ],
    ],
  },
  {
    title: 'a model that changes while it is quantized',
    code: 'SOURCE_CHANGED',
    prepare: takeAll('model.bin'),
    call: (s) => interfered(s, quantizeModel({ input: s.path('model.bin'), output: s.path('out.bin') }), 'model.bin'),
    acts: waited,
  },
  {
    title: 'a checkpoint that changes while it is exported',
    code: 'SOURCE_CHANGED',
    prepare: takeAll('checkpoint'),
    call: (s) =>
      interfered(
        s,
        exportModel({ source: s.path('checkpoint'), output: s.path('out.bin'), version: 1 }),
        'checkpoint/config.json',
      ),
    acts: waited,
  },
  {
    title: 'a model that changes while it is converted',
    code: 'SOURCE_CHANGED',
    prepare: takeAll('model.bin'),
    call: (s) =>
      interfered(s, convertModel({ source: s.path('model.bin'), output: s.path('out.gguf'), to: 'gguf' }), 'model.bin'),
    acts: waited,
  },
  {
    title: 'RoPE settings stated for a folder, which has its own',
    code: 'INVALID_ARGUMENT',
    prepare: takeAll('checkpoint'),
    command: `llama convert checkpoint out.gguf --to gguf ${plainFlags}`,
  },
  {
    title: 'RoPE settings stated for a file that holds them',
    code: 'INVALID_ARGUMENT',
    prepare: takeAll('model.bin'),
    command: `llama convert model.bin out.gguf --to gguf ${plainFlags}`,
  },
  ...(
    [
      ['a type of weights', 'v1', '--type f16', 'model.bin'],
      ['a group size', 'gguf', '--group-size 32', 'model.bin'],
      ['a plain file', 'gguf', '--plain', 'model.bin'],
      ['RoPE settings', 'v1', plainFlags, 'plain.bin'],
      ['a tokenizer', 'v1', '--tokenizer tokenizer.bin', 'plain.bin'],
      ['a shard size', 'gguf', '--shard-size 1MB', 'model.bin'],
      ['the type Q8_0', 'safetensors', '--type q8_0', 'model.bin'],
    ] as const
  ).map(
    ([what, to, flags, source]): Scenario => ({
      title: `${what} for ${to}`,
      code: 'INVALID_ARGUMENT',
      prepare: takeAll('model.bin', 'plain.bin', 'tokenizer.bin'),
      command: `llama convert ${source} out --to ${to} ${flags}`,
    }),
  ),
  {
    title: 'a plain file of an unknown model to be converted',
    code: 'SETTINGS_UNKNOWN',
    prepare: takeAll('plain.bin', 'checkpoint'),
    command: 'llama convert plain.bin out.gguf --to gguf',
    fill,
    checks: [
      [
        /export it again/,
        async (s) => {
          const { exitCode, stderr } = await s.run('llama convert plain.bin out.gguf --to gguf');
          if (exitCode !== 0) throw new Error(stderr);
        },
      ],
    ],
  },
  {
    title: 'the tokenizer of another model',
    code: 'BAD_TOKENIZER',
    prepare: takeAll('plain.bin', 'tokenizer.bin', 'model.bin'),
    async call(s, flags) {
      const right = await tokenizerOf(s, 'model.bin');
      const tokenizer = flags.has('tokenizer') ? right : { ...right, nTokens: right.nTokens + 1 };
      const settings = { ropeTheta: 500_000, ropeScaling: null };
      const files = { source: s.path('plain.bin'), output: s.path('out.gguf') };
      for await (const _ of convertModel({ ...files, to: 'gguf', settings, tokenizer }));
    },
    fill: { 'TOKENIZER.bin': 'tokenizer.bin' },
  },
  {
    title: 'rows that are no multiple of 32, in blocks of 32',
    code: 'TYPE_UNFIT',
    async prepare(s) {
      const folder = s.path('odd');
      await mkdir(folder);
      await writeCheckpoint(folder, { dim: 48, hiddenDim: 96, nLayers: 1 });
    },
    command: 'llama convert odd out.gguf --to gguf --type q8_0',
  },
  {
    title: 'rows whose length 32 does not divide, to be written as v3',
    code: 'BAD_GROUP_SIZE',
    prepare: async (s) => {
      const folder = s.path('odd');
      await mkdir(folder, { recursive: true });
      await writeCheckpoint(folder, { dim: 48, hiddenDim: 96, nLayers: 1 });
    },
    command: 'llama export out.bin --hf odd --version 3',
  },
  {
    title: 'a pattern of types that matches no tensor',
    code: 'INVALID_ARGUMENT',
    prepare: takeAll('model.bin'),
    command: "llama quantize model.bin out.bin --version 3 --types 'layer.*=q8'",
  },
  {
    title: 'a weight beyond the scales of v3',
    code: 'TYPE_UNFIT',
    async prepare(s) {
      await s.take('plain.bin');
      const { values } = await placeOf(s, 'plain.bin', 'layers.1.attention.wv.weight');
      const path = s.path('plain.bin');
      const bytes = await readFile(path);
      bytes.writeFloatLE(1e9, values + 400);
      await writeFile(path, bytes);
    },
    command: 'llama quantize plain.bin out.bin --version 3',
  },
  {
    title: 'a quantized file to be quantized to 4 bits',
    code: 'ALREADY_QUANTIZED',
    prepare: takeAll('v2.bin', 'checkpoint'),
    command: 'llama quantize v2.bin small.bin --version 3',
    fill,
    checks: [
      [
        /llama export/,
        async (s) => {
          const { stdout } = await s.run('llama inspect small.bin --json');
          if (JSON.parse(stdout).version !== 3) throw new Error(`another version: ${stdout}`);
        },
      ],
    ],
  },
  {
    title: 'tokenizer.bin named for the model as well',
    code: 'INVALID_ARGUMENT',
    prepare: takeAll('checkpoint'),
    command: 'llama export tokenizer.bin --hf checkpoint --tokenizer-bin tokenizer.bin',
  },
  {
    title: 'one file named for the model and for its tokenizer',
    code: 'INVALID_ARGUMENT',
    prepare: takeAll('checkpoint'),
    command: 'llama export out.bin --hf checkpoint --tokenizer-bin out.bin',
  },
  {
    title: 'a tokenizer.bin of a folder without a tokenizer',
    code: 'NO_TOKENIZER',
    async prepare(s) {
      await s.take('checkpoint');
      await rm(s.path('checkpoint/tokenizer.json'));
      await rm(s.path('checkpoint/original'), { recursive: true });
    },
    command: 'llama export out.bin --hf checkpoint --tokenizer-bin tokenizer.bin',
    acts: [[/^put its tokenizer\.json into the folder/, (s) => s.take('checkpoint/tokenizer.json')]],
  },
  {
    title: 'weights past the range of F16',
    code: 'TYPE_UNFIT',
    async prepare(s) {
      await s.take('plain.bin');
      const { values } = await placeOf(s, 'plain.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'plain.bin', values + 3, 0x60);
    },
    command: `llama convert plain.bin out.gguf --to gguf --type f16 ${plainFlags}`,
  },
  {
    title: 'weights past the range of Q8_0',
    code: 'TYPE_UNFIT',
    async prepare(s) {
      await s.take('plain.bin');
      const { values } = await placeOf(s, 'plain.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'plain.bin', values + 3, 0x60);
    },
    command: `llama convert plain.bin out.gguf --to gguf --type q8_0 ${plainFlags}`,
  },
  {
    title: 'a tensor that does not match its checksum, to be converted',
    code: 'BAD_CHECKSUM',
    async prepare(s) {
      await takeAll('model.bin', 'checkpoint')(s);
      const { values } = await placeOf(s, 'model.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'model.bin', values, 0x11);
    },
    command: 'llama convert model.bin out.gguf --to gguf',
    fill,
  },
  {
    title: 'a scale below zero, to be converted',
    code: 'BAD_CHECKSUM',
    async prepare(s) {
      await takeAll('v2.bin', 'checkpoint')(s);
      const { scales } = await placeOf(s, 'v2.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'v2.bin', scales + 3, 0xbf);
    },
    command: 'llama convert v2.bin out.gguf --to gguf',
    fill,
  },
  {
    title: 'a source with a tensor that does not match its checksum',
    code: 'BAD_CHECKSUM',
    async prepare(s) {
      await takeAll('model.bin', 'v2.bin', 'checkpoint')(s);
      const { values } = await placeOf(s, 'model.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'model.bin', values, 0x11);
    },
    command: 'llama verify v2.bin --against model.bin',
    fill,
  },
  {
    title: 'a plain file with a weight that is NaN, to be converted',
    code: 'BAD_WEIGHTS',
    async prepare(s) {
      await takeAll('plain.bin')(s);
      const { values } = await placeOf(s, 'plain.bin', 'layers.0.attention.wq.weight');
      await damageWeights(s, 'plain.bin', values + 3, 0x7f);
      await damageWeights(s, 'plain.bin', values + 2, 0xff);
    },
    command: `llama convert plain.bin out.gguf --to gguf ${plainFlags}`,
    acts: [[/^replace the source by a good copy/, (s) => s.take('plain.bin')]],
  },
];
