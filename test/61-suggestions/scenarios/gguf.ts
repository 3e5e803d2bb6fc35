// GGUF files that cannot be written or read, and weights that do not fit.

import { readFile, rename } from 'node:fs/promises';
import { convertModel } from '@llama-ts/exporter';
import {
  encodeF32,
  type GgufValue,
  openGguf,
  openGgufFiles,
  quantizeQ8_0,
  type TensorSource,
  writeGguf,
} from '@llama-ts/gguf';
import { sampleModelPath } from '@llama-ts/sample-model';
import { ggufBytes, metadataOf } from '../../25-gguf/support.js';
import { filesIn } from '../../helpers/fake-hub/fake-repo.js';
import { drain } from '../../helpers/generators.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withDamagedMain, withHubOf } from './hub-of-sample.js';
import { prepareWriter } from './writer.js';

const huge = new Float32Array(32).fill(9e6);

const good = ggufBytes([{ name: 'a', type: 'F32', shape: [8] }], []);

/** The good file with another version in its header. */
function ofVersion(version: number): Uint8Array {
  const bytes = good.slice();
  new DataView(bytes.buffer).setUint32(4, version, true);
  return bytes;
}

/** A file with these bytes, in whose place the right one is put. */
function damaged(title: string, code: string, bytes: Uint8Array | string): Scenario {
  return {
    title: `a GGUF file that ${title}`,
    code,
    prepare: (s) => s.write('m.gguf', bytes),
    call: async (s) => (await openGguf(s.path('m.gguf'))).close(),
    acts: [[/^(?:download|convert|turn) /, (s: Situation) => s.write('m.gguf', good)]],
  };
}

/** A model in two parts, of which the second says that it is part `no`. */
async function writeParts(s: Situation, no: number, second: string): Promise<void> {
  const part = (name: string, index: number): Uint8Array =>
    ggufBytes(
      [{ name, type: 'F32', shape: [8] }],
      [
        ['split.no', { kind: 'u16', value: index }],
        ['split.count', { kind: 'u16', value: 2 }],
      ],
    );
  await s.write('m-00001-of-00002.gguf', part('a', 0));
  await s.write(second, part('b', no));
}

const openParts = async (s: Situation): Promise<void> => (await openGgufFiles(s.path('m-00001-of-00002.gguf'))).close();

type Entries = Map<string, GgufValue>;
type Change = (metadata: Entries, tensors: TensorSource[]) => unknown;

/** The sample model as m.gguf, with other metadata or tensors. */
async function sourceFile(s: Situation, change: Change, type: 'F16' | 'Q8_0' = 'F16'): Promise<void> {
  const path = s.path('m.gguf');
  await drain(convertModel({ source: sampleModelPath, output: path, to: 'gguf', type, force: true }));
  const file = await openGguf(path);
  const metadata: Entries = new Map(metadataOf(file) as [string, GgufValue][]);
  const tensors: TensorSource[] = [];
  for (const { name, type, shape } of file.tensors.values()) {
    tensors.push({ name, type: type as 'F32', shape, data: await file.read(name) });
  }
  await file.close();
  change(metadata, tensors);
  await writeGguf(path, tensors, { metadata });
}

/** The bytes of a matrix. */
function blocksOf(tensors: readonly TensorSource[]): Uint8Array {
  return tensors.find(({ name }) => name === 'blk.0.attn_q.weight')!.data as Uint8Array;
}

/** A GGUF source that is refused; a good one takes its place. */
function source(title: string, code: string, change: Change): Scenario {
  return {
    title: `a GGUF source ${title}`,
    code,
    prepare: (s) => sourceFile(s, change),
    command: 'llama export m.gguf out.bin',
    checks: [[/llama inspect/, () => undefined]],
    acts: [
      [
        /^(?:download|run it with|export the model|let llama-quantize)/,
        (s: Situation) => sourceFile(s, () => undefined),
      ],
    ],
  };
}

/** A repository me/GGUF with these files, all of them the sample model as GGUF, and me/Safetensors without any. */
function repository(title: string, code: string, names: readonly string[], command: string): Scenario {
  return {
    title: `a repository ${title}`,
    code,
    async prepare(s) {
      await sourceFile(s, () => undefined);
      await s.take('checkpoint');
      const bytes = await readFile(s.path('m.gguf'));
      await withHubOf(s, {
        'me/GGUF': Object.fromEntries(names.map((name) => [name, bytes])),
        'me/Safetensors': await filesIn(s.path('checkpoint')),
      });
    },
    command,
  };
}

export const ggufScenarios: readonly Scenario[] = [
  repository('of two GGUF files', 'NOT_A_CHECKPOINT', ['a.gguf', 'b.gguf'], 'llama export me/GGUF out.bin'),
  repository(
    'without the GGUF file that is named',
    'HUB_FILE_NOT_FOUND',
    ['a.gguf'],
    'llama export me/GGUF out.bin --file c.gguf',
  ),
  repository(
    'without any GGUF file',
    'HUB_FILE_NOT_FOUND',
    ['a.gguf'],
    'llama export me/Safetensors out.bin --file c.gguf',
  ),
  repository('of a GGUF file to be streamed', 'INVALID_ARGUMENT', ['a.gguf'], 'llama export me/GGUF out.bin --stream'),
  {
    title: 'a repository whose GGUF file lacks a tensor, to be planned',
    code: 'MISSING_TENSOR',
    async prepare(s) {
      await sourceFile(s, (m) => m.set('llama.block_count', { kind: 'u32', value: 60 }));
      const bytes = await readFile(s.path('m.gguf'));
      await withDamagedMain(s, 'me/GGUF', () => ({ 'a.gguf': bytes }));
    },
    fill: { REVISION: 'v1' },
    command: 'llama export me/GGUF out.bin --dry-run',
  },
  repository(
    'of two GGUF files, by its name',
    'NOT_A_CHECKPOINT',
    ['a.gguf', 'b.gguf'],
    'llama run me/GGUF -n 1 -i Once',
  ),
  repository(
    'of a GGUF file whose page is named as a model',
    'NOT_A_MODEL',
    ['a.gguf'],
    'llama run https://huggingface.co/me/GGUF/blob/main/a.gguf -n 1 -i Once',
  ),
  {
    title: 'a pattern of a GGUF file for a folder',
    code: 'INVALID_ARGUMENT',
    prepare: (s) => s.take('checkpoint'),
    command: 'llama export checkpoint out.bin --file "*Q8_0*"',
  },
  {
    title: 'a GGUF file to be verified',
    code: 'NOT_A_MODEL',
    prepare: (s) => sourceFile(s, () => undefined),
    command: 'llama verify m.gguf',
  },
  {
    title: 'a GGUF file without a tokenizer',
    code: 'NO_TOKENIZER',
    async prepare(s) {
      await sourceFile(s, (m) => m.set('tokenizer.ggml.model', { kind: 'string', value: 'none' }));
      await s.take('tokenizer.bin');
    },
    fill: { 'TOKENIZER.bin': 'tokenizer.bin' },
    command: 'llama tokenize m.gguf -i Once',
  },
  {
    title: 'a GGUF file to be written into a folder that does not exist',
    code: 'FILE_UNWRITABLE',
    call: (s) => writeGguf(s.path('new folder/a.gguf'), []),
  },
  {
    title: 'a GGUF file to be written into a folder of another user',
    code: 'FILE_UNWRITABLE',
    needs: 'modes',
    prepare: (s) => prepareWriter(s, 'gguf', 'writeGguf'),
    command: 'node write.mjs',
  },
  {
    title: 'values past the scales of Q8_0',
    code: 'NON_FINITE',
    call: () => quantizeQ8_0(huge),
    scope: () => ({ encodeF32, values: huge }),
  },
  source('of another architecture', 'UNSUPPORTED_MODEL', (m) => {
    m.set('general.architecture', { kind: 'string', value: 'qwen2' });
  }),
  source('whose width is a text', 'BAD_CONFIG', (m) => {
    m.set('llama.embedding_length', { kind: 'string', value: '64' });
  }),
  source('of more layers than it has tensors for', 'MISSING_TENSOR', (m) => {
    m.set('llama.block_count', { kind: 'u32', value: 60 });
  }),
  source('whose feed-forward width is another', 'BAD_TENSOR_SHAPE', (m) => {
    m.set('llama.feed_forward_length', { kind: 'u32', value: 32 });
  }),
  source('with a bias', 'UNEXPECTED_TENSOR', (_, tensors) => {
    tensors.push({ name: 'blk.0.attn_q.bias', type: 'F32', shape: [8], data: new Uint8Array(32) });
  }),
  source('with divisors of another RoPE scaling', 'UNSUPPORTED_MODEL', (_, tensors) => {
    const [factors] = tensors;
    tensors[0] = {
      ...factors!,
      data: new Uint8Array(Float32Array.from({ length: factors!.shape[0]! }, (_, i) => i + 1).buffer),
    };
  }),
  {
    title: 'a GGUF source with more divisors of RoPE than frequencies',
    code: 'BAD_TENSOR_SHAPE',
    prepare: (s) =>
      sourceFile(s, (_, tensors) => {
        tensors[0] = { ...tensors[0]!, shape: [1], data: new Uint8Array(4) };
      }),
    command: 'llama export m.gguf out.bin',
    checks: [[/llama inspect/, () => undefined]],
  },
  {
    title: 'a GGUF source for which settings are stated',
    code: 'INVALID_ARGUMENT',
    prepare: (s) => sourceFile(s, () => undefined),
    command: 'llama convert m.gguf out.gguf --to gguf --rope-theta 10000 --rope-scaling none',
  },
  {
    title: 'a GGUF source with a value that no block has',
    code: 'BAD_WEIGHTS',
    prepare: (s) => sourceFile(s, (_, tensors) => blocksOf(tensors).set([0x80], 2), 'Q8_0'),
    command: 'llama export m.gguf out.bin --version 2',
    checks: [[/--version 1$/, () => undefined]],
  },
  {
    ...source('with integers', 'UNSUPPORTED_DTYPE', () => undefined),
    async prepare(s) {
      await sourceFile(s, () => undefined);
      const bytes = await readFile(s.path('m.gguf'));
      const name = Buffer.from('blk.0.attn_q.weight');
      // Its name is followed by the number of dimensions, two dimensions and the type: F16 becomes I16.
      bytes.writeUInt32LE(25, bytes.indexOf(name) + name.length + 4 + 2 * 8);
      await s.write('m.gguf', bytes);
    },
  },
  damaged('is none', 'NOT_GGUF', 'GGUL'),
  damaged('was cut off', 'GGUF_TRUNCATED', good.subarray(0, 40)),
  damaged('has bytes at its end', 'GGUF_TENSOR', new Uint8Array(Buffer.concat([good, Buffer.alloc(1)]))),
  damaged('is of a version that is not there', 'GGUF_HEADER', ofVersion(9)),
  damaged('is of the first version', 'GGUF_HEADER', ofVersion(1)),
  damaged('is big-endian', 'GGUF_HEADER', ofVersion(0x03000000)),
  {
    title: 'a model in two GGUF files of which one is elsewhere',
    code: 'FILE_NOT_FOUND',
    prepare: (s) => writeParts(s, 1, 'elsewhere.gguf'),
    call: openParts,
    acts: [[/^put all 2 parts/, (s: Situation) => rename(s.path('elsewhere.gguf'), s.path('m-00002-of-00002.gguf'))]],
  },
  {
    title: 'a model in two GGUF files of which one is named as another',
    code: 'GGUF_HEADER',
    prepare: (s) => writeParts(s, 0, 'm-00002-of-00002.gguf'),
    call: openParts,
    acts: [[/^give each part/, (s: Situation) => writeParts(s, 1, 'm-00002-of-00002.gguf')]],
  },
];
