// Meta's files, llama2.c's and PyTorch's as sources.

import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { SavedTensor } from '../../22-pytorch/support.js';
import { writeMetaFolder, writePytorchFolder, writeTrainingFile } from '../../40-exporter/pytorch-folders.js';
import { filesIn } from '../../helpers/fake-hub/fake-repo.js';
import { golden } from '../../helpers/golden.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub, withHubOf } from './hub-of-sample.js';

const MODEL = golden('tied-gqa-bf16');
const EXAMPLE = 'meta-llama/Llama-3.2-1B-Instruct';
const OUT = 'out.bin';

/** A folder of Meta's files, with something done to it. */
function meta(
  title: string,
  code: string,
  options: Parameters<typeof writeMetaFolder>[2],
  rest: Partial<Scenario> = {},
): Scenario {
  return {
    title,
    code,
    prepare: async (s) => [await writeMetaFolder(MODEL, s.path('my model'), options), await withHub(s, EXAMPLE)],
    command: `llama export 'my model' ${OUT} --rope-factor 32`,
    ...rest,
  };
}

const first = 'consolidated.00.pth';

/** The tensor as bytes. */
function inBytes(tensor: SavedTensor): SavedTensor {
  return { ...tensor, type: 'CharStorage', data: new Uint8Array(tensor.shape.reduce((product, n) => product * n, 1)) };
}

/** The norms with other values. */
function withOtherNorm(tensor: SavedTensor): SavedTensor {
  return tensor.shape.length > 1 ? tensor : { ...tensor, data: tensor.data.map((byte) => byte ^ 1) };
}

export const metaScenarios: readonly Scenario[] = [
  meta(
    "Meta's files of a model of unknown sizes",
    'SETTINGS_UNKNOWN',
    {},
    { command: `llama export 'my model' ${OUT}` },
  ),
  meta("Meta's files that say no context length", 'SETTINGS_UNKNOWN', {
    params: { use_scaled_rope: false, rope_theta: 10000 },
  }),
  meta("Meta's files of other sizes than they say", 'MISSING_TENSOR', { params: { n_layers: 4 } }),
  meta("Meta's files of more layers than they say", 'UNEXPECTED_TENSOR', { params: { n_layers: 2 } }),
  meta("Meta's files of another vocabulary than they say", 'BAD_TENSOR_SHAPE', { params: { vocab_size: 500 } }),
  meta("Meta's files in int8", 'UNSUPPORTED_DTYPE', { change: (all) => all.map(inBytes) }),
  meta(
    "Meta's files of two models",
    'BAD_WEIGHTS',
    { nShards: 2, change: (all, shard) => (shard === 0 ? all : all.map(withOtherNorm)) },
    { acts: [[/^download all \.pth files/, (s) => writeMetaFolder(MODEL, s.path('my model'), { nShards: 2 })]] },
  ),
  meta("Meta's files for phones", 'UNSUPPORTED_MODEL', { params: { quantization_args: { group_size: 32 } } }),
  meta(
    "Meta's files without the first",
    'NOT_A_CHECKPOINT',
    { nShards: 2 },
    {
      async prepare(s) {
        await writeMetaFolder(MODEL, s.path('my model'), { nShards: 2 });
        await rename(s.path(`my model/${first}`), s.path('first.pth'));
      },
      acts: [[/^download /, (s: Situation) => rename(s.path('first.pth'), s.path(`my model/${first}`))]],
    },
  ),
  meta(
    "Meta's files without params.json",
    'NOT_A_CHECKPOINT',
    {},
    {
      async prepare(s) {
        await writeMetaFolder(MODEL, s.path('my model'));
        await rm(s.path('my model/params.json'));
        await withHub(s, EXAMPLE);
      },
    },
  ),
  meta(
    'a factor of RoPE for a checkpoint that has its own',
    'INVALID_ARGUMENT',
    {},
    {
      prepare: (s) => s.take('checkpoint', 'my model'),
    },
  ),
  {
    title: 'a file of torch.save without settings',
    code: 'NOT_A_CHECKPOINT',
    async prepare(s) {
      await writeMetaFolder(MODEL, s.path('weights'));
      await rename(s.path(`weights/${first}`), s.path('weights.pth'));
    },
    command: `llama export weights.pth ${OUT}`,
    checks: [[/^look for the settings/, () => undefined]],
  },
  {
    title: 'a file of torch.save to be verified',
    code: 'NOT_A_MODEL',
    prepare: (s) => writeTrainingFile(MODEL, s.path('ckpt.pt')),
    command: 'llama verify ckpt.pt',
  },
  {
    title: 'a file of a checkpoint of PyTorch to be inspected, and its tensor in two',
    code: 'SAFETENSORS_INDEX',
    async prepare(s) {
      await writePytorchFolder(MODEL, s.path('my model'), 2);
      const [a, b] = [1, 2].map((n) => s.path(`my model/pytorch_model-0000${n}-of-00002.bin`)) as [string, string];
      await cp(b, s.path('right.bin'));
      await writeFile(b, await readFile(a));
    },
    command: `llama export 'my model' ${OUT}`,
    acts: [[/^remove the shard/, (s) => cp(s.path('right.bin'), s.path('my model/pytorch_model-00002-of-00002.bin'))]],
  },
  {
    title: 'a repository of PyTorch to be streamed',
    code: 'INVALID_ARGUMENT',
    async prepare(s) {
      await writePytorchFolder(MODEL, s.path('repository'));
      await withHubOf(s, { 'me/PyTorch': await filesIn(s.path('repository')) });
    },
    command: `llama export me/PyTorch ${OUT} --stream`,
  },
  {
    title: "llama2.c's checkpoint whose weights are of other sizes than it says",
    code: 'MISSING_TENSOR',
    prepare: (s) =>
      writeTrainingFile(MODEL, s.path('ckpt.pt'), [
        { name: 'a', type: 'FloatStorage', shape: [1], data: new Uint8Array(4) },
      ]),
    command: `llama export ckpt.pt ${OUT}`,
  },
];
