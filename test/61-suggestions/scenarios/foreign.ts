// Folders, files and names that people take for a checkpoint.

import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/base';
import { inspectPath } from '@llama-ts/exporter';
import { type Dtype, openSafetensorsFolder, writeSafetensors } from '@llama-ts/safetensors';
import { filesIn } from '../../helpers/fake-hub/fake-repo.js';
import { takeHf, takePython } from '../python.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub, withHubOf } from './hub-of-sample.js';

const EXAMPLE = 'meta-llama/Llama-3.2-1B-Instruct';
const ORIGINAL = 'me/Original';
const fill = { FOLDER: 'saved', MERGED: 'merged', OWNER: 'me' };

/** A folder of these files, of which a checkpoint is at the hub under each of the names. */
async function makeFolder(s: Situation, files: Readonly<Record<string, string>>): Promise<void> {
  await s.take('checkpoint', 'good');
  for (const [name, content] of Object.entries(files)) await s.write(`my model/${name}`, content);
}

function folder(title: string, code: string, files: Readonly<Record<string, string>>, rest: Partial<Scenario> = {}) {
  const scenario: Scenario = {
    title,
    code,
    fill,
    async prepare(s) {
      await makeFolder(s, files);
      await withHub(s, EXAMPLE, ORIGINAL, 'me/NAME');
    },
    command: "llama export 'my model' out.bin",
    ...rest,
  };
  return scenario;
}

/** A copy of the sample's checkpoint with something done to it. */
function changed(title: string, code: string, change: (s: Situation) => unknown, rest: Partial<Scenario> = {}) {
  return folder(
    title,
    code,
    {},
    {
      async prepare(s) {
        await s.take('checkpoint', 'my model');
        await s.take('checkpoint', 'good');
        await withHub(s, EXAMPLE, ORIGINAL, 'me/NAME');
        await change(s);
      },
      ...rest,
    },
  );
}

export async function changeJson(s: Situation, name: string, change: (json: Record<string, unknown>) => object) {
  const path = `my model/${name}`;
  const json = JSON.parse(await readFile(s.path(path), 'utf8')) as Record<string, unknown>;
  await s.write(path, JSON.stringify({ ...json, ...change(json) }));
}

/** The checkpoint in one file, with other tensors. */
export async function changeTensors(s: Situation, change: (tensors: Tensor[]) => readonly Tensor[], name = 'my model') {
  const source = await openSafetensorsFolder(s.path(name));
  const tensors: Tensor[] = [];
  for (const { name: tensor, dtype, shape } of source.tensors.values()) {
    tensors.push({ name: tensor, dtype, shape, data: await source.read(tensor) });
  }
  await source.close();
  for (const file of await readdir(s.path(name))) if (/safetensors/.test(file)) await rm(s.path(`${name}/${file}`));
  await writeSafetensors(s.path(`${name}/model.safetensors`), change(tensors));
}

export interface Tensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const isFirst = ({ name }: Tensor): boolean => name === 'model.layers.0.self_attn.q_proj.weight';
const succeeds = async (s: Situation, command: string): Promise<void> => {
  const { exitCode, stderr } = await s.run(command);
  if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
};
const exported = (name: string) => () => ({ command: `llama export ${name} out.bin` });

/** What `llama inspect` says of a file that it can list and nothing can export. */
async function inspected(s: Situation, name: string): Promise<void> {
  const found = await inspectPath(s.path(name));
  if (found.kind !== 'other') throw new Error(found.kind);
  const { code, message, suggestions } = found.problem;
  throw new ToolkitError(code, message, { suggestions });
}

export const foreignScenarios: readonly Scenario[] = [
  changed('a checkpoint of another family', 'UNSUPPORTED_MODEL', (s) =>
    changeJson(s, 'config.json', () => ({ model_type: 'mistral', architectures: ['MistralForCausalLM'] })),
  ),
  changed('a quantized checkpoint of an unknown model', 'UNSUPPORTED_MODEL', (s) =>
    changeJson(s, 'config.json', () => ({ quantization_config: { quant_method: 'awq' }, _name_or_path: undefined })),
  ),
  changed('a quantized checkpoint that names its original', 'UNSUPPORTED_MODEL', (s) =>
    changeJson(s, 'config.json', () => ({ quantization_config: { quant_method: 'awq' }, _name_or_path: ORIGINAL })),
  ),
  changed('a quantized checkpoint that lacks the scales of a tensor', 'MISSING_TENSOR', async (s) => {
    await changeJson(s, 'config.json', () => ({ quantization_config: { quant_method: 'gptq', bits: 4 } }));
    const qweight = { name: 'model.layers.0.self_attn.q_proj.qweight', dtype: 'I32', shape: [1, 1] } as const;
    await changeTensors(s, (all) => [...all, { ...qweight, data: new Uint8Array(4) }]);
  }),
  {
    title: 'a quantized repository to be streamed',
    code: 'INVALID_ARGUMENT',
    async prepare(s) {
      await s.take('checkpoint', 'my model');
      await changeJson(s, 'config.json', () => ({ quantization_config: { quant_method: 'gptq', bits: 4 } }));
      await withHubOf(s, { 'me/Tiny': await filesIn(s.path('my model')) });
    },
    command: 'llama export me/Tiny out.bin --stream',
  },
  folder('a folder with a model of ONNX', 'NOT_A_CHECKPOINT', { 'model.onnx': 'x' }),
  folder(
    'a LoRA adapter of MLX',
    'NOT_A_CHECKPOINT',
    {},
    {
      async prepare(s) {
        await makeFolder(s, {
          'adapter_config.json': JSON.stringify({ model: ORIGINAL }),
          'adapters.safetensors': 'x',
        });
        await s.take('checkpoint', 'good');
        await s.tool(
          'python3',
          'test "$2 $3 $4 $6 $8" = "mlx_lm fuse --model --adapter-path --save-path" && cp -r good "$9"',
        );
        await withHub(s, ORIGINAL);
      },
      acts: [
        [/^python3/, exported("'my model-merged'")],
        [/^llama export/, (s) => cp(s.path('good'), s.path('my model-merged'), { recursive: true })],
        [/^the base alone/, () => undefined],
      ],
    },
  ),
  folder(
    'a checkpoint of DeepSpeed',
    'NOT_A_CHECKPOINT',
    {},
    {
      needs: 'python',
      async prepare(s) {
        await makeFolder(s, {
          latest: 'global_step5',
          'zero_to_fp32.py': `import argparse, os, shutil
parser = argparse.ArgumentParser()
parser.add_argument('checkpoint_dir')
parser.add_argument('output_dir')
parser.add_argument('--safe_serialization', action='store_true')
args = parser.parse_args()
assert args.safe_serialization and os.path.exists(os.path.join(args.checkpoint_dir, 'latest'))
os.makedirs(args.output_dir, exist_ok=True)
for file in os.listdir('good'):
    if file.startswith('model'):
        shutil.copy(os.path.join('good', file), args.output_dir)
`,
        });
        for (const name of ['config.json', 'tokenizer.json']) {
          await cp(s.path(`good/${name}`), s.path(`my model/${name}`));
        }
        await takePython(s, 'good');
      },
    },
  ),
  folder(
    'what a training run keeps to go on',
    'NOT_A_CHECKPOINT',
    { 'optimizer.pt': 'x', 'trainer_state.json': '{}' },
    {
      scope: (s) => ({
        trainer: { save_model: (name: string) => cp(s.path('good'), s.path(name), { recursive: true }) },
      }),
      checks: [[/^save the model/, (s) => succeeds(s, 'llama export FOLDER out.bin')]],
    },
  ),
  changed('a checkpoint whose weights have a name of their own', 'NOT_A_CHECKPOINT', async (s) => {
    await changeTensors(s, (tensors) => tensors);
    await rename(s.path('my model/model.safetensors'), s.path('my model/the weights.safetensors'));
  }),
  changed('a checkpoint without its index and with some of its shards', 'NOT_A_CHECKPOINT', async (s) => {
    await takeHf(s);
    await changeJson(s, 'config.json', () => ({ _name_or_path: ORIGINAL }));
    for (const file of await readdir(s.path('my model'))) {
      if (/index|00001-of/.test(file)) await rm(s.path(`my model/${file}`));
    }
  }),
  changed('a checkpoint whose index names shards that do not exist', 'NOT_A_CHECKPOINT', async (s) => {
    await takeHf(s);
    for (const file of await readdir(s.path('my model'))) {
      if (/00001-of/.test(file)) await rm(s.path(`my model/${file}`));
    }
  }),
  folder('a folder without a model', 'BAD_CONFIG', { 'notes.txt': 'x' }),
  folder(
    'an empty folder',
    'BAD_CONFIG',
    {},
    {
      prepare: async (s) => [await mkdir(s.path('my model')), await withHub(s, EXAMPLE)],
    },
  ),
  changed(
    'tensors of an adapter among the weights',
    'NOT_A_CHECKPOINT',
    async (s) => {
      await changeTensors(s, (all) => [...all, { ...all[0]!, name: 'model.layers.0.self_attn.q_proj.lora_A.weight' }]);
    },
    {
      scope: (s) => ({
        model: {
          merge_and_unload: () => ({
            save_pretrained: (name: string) => cp(s.path('good'), s.path(name), { recursive: true }),
          }),
        },
      }),
      checks: [[/^merge it/, (s) => succeeds(s, 'llama export MERGED out.bin')]],
    },
  ),
  changed('a tensor of another shape', 'BAD_TENSOR_SHAPE', (s) =>
    changeTensors(s, (all) =>
      all.map((one) => (isFirst(one) ? { ...one, shape: [one.shape[0]! * one.shape[1]!] } : one)),
    ),
  ),
  changed('a tensor of another type', 'UNSUPPORTED_DTYPE', (s) =>
    changeTensors(s, (all) => all.map((one) => (isFirst(one) ? { ...one, dtype: 'I16' } : one))),
  ),
  changed('a tensor that no Llama has', 'UNEXPECTED_TENSOR', (s) =>
    changeTensors(s, (all) => [...all, { ...all[0]!, name: 'model.layers.0.self_attn.q_norm.weight' }]),
  ),
  changed(
    'a checkpoint that says wrongly that its embedding is shared',
    'BAD_CONFIG',
    (s) => changeJson(s, 'config.json', () => ({ tie_word_embeddings: false })),
    {
      acts: [[/^set tie_word_embeddings/, (s) => changeJson(s, 'config.json', () => ({ tie_word_embeddings: true }))]],
    },
  ),
  changed(
    'a tokenizer with a token that the embedding has no row for',
    'BAD_TOKENIZER',
    async (s) => {
      await changeJson(s, 'tokenizer.json', (json) => {
        const added = json.added_tokens as { id: number }[];
        const { vocab_size: id } = sizes;
        return { added_tokens: [...added, { ...added[0]!, id, content: '<|stray|>', special: true }] };
      });
      await grow(s);
      await takePython(s, 'grown');
    },
    {
      needs: 'python',
      acts: [
        [
          /^remove tokens .* from tokenizer\.json: "<\|stray\|>"$/,
          (s) =>
            changeJson(s, 'tokenizer.json', (json) => ({
              added_tokens: (json.added_tokens as { content: string }[]).filter(
                ({ content }) => content !== '<|stray|>',
              ),
            })),
        ],
      ],
    },
  ),
  {
    title: 'a config.json to be inspected',
    code: 'NOT_A_MODEL',
    prepare: (s) => s.take('checkpoint', "the user's model"),
    call: (s) => inspected(s, "the user's model/config.json"),
  },
  {
    title: 'an empty file to be inspected',
    code: 'NOT_A_MODEL',
    prepare: (s) => s.write('an empty.bin', ''),
    command: "llama inspect 'an empty.bin'",
  },
  {
    title: 'nothing to be inspected',
    code: 'FILE_NOT_FOUND',
    prepare: (s) => s.take('model.bin'),
    call: (s) => inspectPath(s.path('models/of/mine.bin')),
  },
  {
    title: 'a folder of the hub cache that holds no snapshot',
    code: 'NOT_A_CHECKPOINT',
    async prepare(s) {
      await mkdir(s.path(`models--${ORIGINAL.replace('/', '--')}`));
      await withHub(s, ORIGINAL);
    },
    command: `llama export models--${ORIGINAL.replace('/', '--')} out.bin`,
  },
  {
    title: 'a folder of the hub cache that holds two snapshots',
    code: 'NOT_A_CHECKPOINT',
    async prepare(s) {
      await mkdir(s.path('cache/models--me--Tiny/snapshots'), { recursive: true });
      for (const digit of '12') await s.take('checkpoint', `cache/models--me--Tiny/snapshots/${digit.repeat(40)}`);
    },
    command: 'llama export cache/models--me--Tiny out.bin',
  },
  {
    title: 'a name of ollama as a source',
    code: 'SOURCE_NOT_FOUND',
    prepare: (s) => withHub(s, EXAMPLE),
    command: 'llama export --hf llama3.2:1b out.bin',
  },
  {
    title: 'an address of the hub that names no repository',
    code: 'SOURCE_NOT_FOUND',
    prepare: (s) => withHub(s, EXAMPLE),
    command: 'llama export --hf https://huggingface.co/datasets/me/text out.bin',
  },
  {
    title: 'a .bin file as a source',
    code: 'SOURCE_NOT_FOUND',
    prepare: (s) => s.take('model.bin', 'my model.bin'),
    command: "llama export --hf 'my model.bin' out.bin",
  },
  {
    title: 'a file of a checkpoint as a source',
    code: 'SOURCE_NOT_FOUND',
    prepare: (s) => s.take('checkpoint'),
    command: 'llama export --hf checkpoint/config.json out.bin',
  },
];

const sizes = { vocab_size: 1329 };

/** The checkpoint with a row more in its embedding, as transformers would save it: grown-1330. */
async function grow(s: Situation): Promise<void> {
  const name = `grown-${sizes.vocab_size + 1}`;
  await cp(s.path('good'), s.path(name), { recursive: true });
  await changeTensors(
    s,
    (all) =>
      all.map((one) => {
        if (one.name !== 'model.embed_tokens.weight') return one;
        const rowBytes = one.data.byteLength / one.shape[0]!;
        const data = Buffer.concat([one.data, one.data.subarray(0, rowBytes)]);
        return { ...one, data, shape: [one.shape[0]! + 1, one.shape[1]!] };
      }),
    name,
  );
  const config = JSON.parse(await readFile(s.path('good/config.json'), 'utf8')) as object;
  await s.write(`${name}/config.json`, JSON.stringify({ ...config, vocab_size: sizes.vocab_size + 1 }));
}
