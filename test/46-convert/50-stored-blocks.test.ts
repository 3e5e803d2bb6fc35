// v3 to GGUF and back: blocks of Q8_0, Q4_0 and IQ4_NL go both ways without loss, and other codebooks become IQ4_NL.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { sha256 } from '@llama-ts/base';
import { convertModel } from '@llama-ts/exporter';
import {
  type BinHeader,
  type BinTensor,
  encodeHeader,
  encodeTrailer,
  float32Encoding,
  layout,
  q4Encoding,
  q8Encoding,
  tensorShapes,
} from '@llama-ts/format';
import { description, tokenizer } from '../10-format/support.js';
import { inPanels } from '../30-kernels/support/literal-panels.js';
import { seededRandom } from '../30-kernels/support/random.js';
import { drain, failsWith, withFolder } from '../40-exporter/support.js';

const Q4_0 = Array.from({ length: 16 }, (_, i) => i - 8);
const IQ4_NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const OWN = [-127, -107, -85, -66, -50, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const TYPE_IDS = { Q4_0: 2, Q8_0: 8, IQ4_NL: 20 } as const;

const dimensions = {
  ...{ dim: 64, hiddenDim: 96, nLayers: 2, nHeads: 4, nKvHeads: 2, vocabSize: 5, maxSeqLen: 32 },
  sharedClassifier: false,
};

/** The bytes of a tensor's blocks, row by row: a float16 scale, then 32 int8 values or 16 pairs of indices. */
type Blocks = ReadonlyMap<string, Uint8Array>;

/** Reads blocks of GGUF into a v3 file: the way in, as literal code. */
function fromBlocks(blocks: Blocks, codebooks: ReadonlyMap<string, readonly number[]>): Uint8Array {
  const encodings = tensorShapes(3, dimensions).map(({ name, shape }) => {
    if (shape.length === 1) return float32Encoding;
    const codebook = codebooks.get(name);
    return codebook === undefined ? q8Encoding : q4Encoding(codebook);
  });
  const header: BinHeader = { version: 3, dimensions, groupSize: 32, encodings };
  const { tensors, weightsEnd } = layout(header);
  const bytes = new Uint8Array(weightsEnd);
  bytes.set(encodeHeader(header));
  for (const tensor of tensors) {
    if (tensor.encoding.id === 'F32') new Float32Array(bytes.buffer, tensor.byteOffset, tensor.nValues).fill(1);
    else bytes.set(panelsOf(tensor, blocks.get(tensor.name)!), tensor.byteOffset);
  }
  const checksums = {
    header: sha256(encodeHeader(header)),
    tensors: tensors.map(({ byteOffset, byteLength }) => sha256(bytes.subarray(byteOffset, byteOffset + byteLength))),
  };
  const trailer = { description: { ...description, headDim: 16 }, tokenizer, checksums };
  return new Uint8Array(Buffer.concat([bytes, encodeTrailer(trailer, weightsEnd)]));
}

function panelsOf({ shape, encoding }: BinTensor, blocks: Uint8Array): Uint8Array {
  const [rows, cols] = shape as [number, number];
  const isQ8 = encoding.id === 'Q8';
  const blockBytes = isQ8 ? 34 : 18;
  const scales: number[] = [];
  const stored: number[] = [];
  for (let at = 0; at < blocks.length; at += blockBytes) {
    scales.push(blocks[at]! + 256 * blocks[at + 1]!);
    const values = blocks.subarray(at + 2, at + blockBytes);
    if (isQ8) stored.push(...new Int8Array(values));
    else stored.push(...values.map((pair) => pair & 15), ...values.map((pair) => pair >> 4));
  }
  const codebook = encoding.id === 'Q4' ? encoding.codebook : [];
  return inPanels({ dtype: isQ8 ? 'Q8' : 'Q4', rows, cols, stored, scales, codebook }, (bytes) => bytes, 0).panels;
}

/** Blocks of every kind of finite scale, of either sign, and of every value but -128. */
function randomBlocks(codebooks: ReadonlyMap<string, readonly number[]>): Map<string, Uint8Array> {
  const next = seededRandom(71);
  const below = (limit: number): number => Math.floor(next() * limit);
  const matrices = tensorShapes(3, dimensions).filter(({ shape }) => shape.length === 2);
  return new Map(
    matrices.map(({ name, shape: [rows, cols] }) => {
      const isQ8 = !codebooks.has(name);
      const blockBytes = isQ8 ? 34 : 18;
      const bytes = Uint8Array.from({ length: ((rows! * cols!) / 32) * blockBytes }, () => below(256));
      for (let at = 0; at < bytes.length; at += blockBytes) {
        // No infinity, no NaN; ordinary, subnormal and zero scales.
        bytes[at + 1] = (bytes[at + 1]! & 0x80) | [0, below(4), below(0x7b), 0x20][below(4)]!;
        if (at === 0) bytes.set([0, 0x80]);
        if (!isQ8) continue;
        for (let i = at + 2; i < at + 34; i++) if (bytes[i] === 0x80) bytes[i] = 0x81;
      }
      return [name, bytes];
    }),
  );
}

/** Converts to GGUF, and reads types and blocks with another program's reader. */
async function toGguf(folder: string, file: Uint8Array) {
  const source = join(folder, 'model.bin');
  const output = join(folder, 'model.gguf');
  await writeFile(source, file);
  const { events, result } = await drain(convertModel({ source, output, to: 'gguf', force: true }));
  const bytes = await readFile(output);
  const parsed = await gguf(output, { allowLocalFile: true });
  const tensors = new Map(
    parsed.tensorInfos.map(({ name, dtype, offset }) => {
      const start = Number(parsed.tensorDataOffset) + Number(offset);
      return [name, { dtype, bytes: bytes.subarray(start) }] as const;
    }),
  );
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  return { tensors, warnings, result, metadata: parsed.metadata as Record<string, unknown> };
}

const ggufNames: Readonly<Record<string, string>> = {
  'tok_embeddings.weight': 'token_embd.weight',
  'output.weight': 'output.weight',
  'attention.wq': 'attn_q',
  'attention.wk': 'attn_k',
  'attention.wv': 'attn_v',
  'attention.wo': 'attn_output',
  'feed_forward.w1': 'ffn_gate',
  'feed_forward.w2': 'ffn_down',
  'feed_forward.w3': 'ffn_up',
};

function ggufName(name: string): string {
  const [, layer, kind] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  return kind === undefined ? ggufNames[name]! : `blk.${layer}.${ggufNames[kind]}.weight`;
}

const matrixNames = tensorShapes(3, dimensions).flatMap(({ name, shape }) => (shape.length === 2 ? [name] : []));
const layerNames = matrixNames.filter((name) => name.startsWith('layers.'));
const allOf = (codebook: readonly number[]) => new Map(layerNames.map((name) => [name, codebook]));

describe('v3 to GGUF', () => {
  for (const [type, codebook] of [
    ['Q4_0', Q4_0],
    ['IQ4_NL', IQ4_NL],
  ] as const) {
    it(`keeps every block of ${type} and of Q8_0 that was read into v3`, async () => {
      await withFolder(async (folder) => {
        const codebooks = allOf(codebook);
        const blocks = randomBlocks(codebooks);
        const { tensors, warnings, result, metadata } = await toGguf(folder, fromBlocks(blocks, codebooks));
        assert.deepEqual(warnings, []);
        assert.equal(result.type, 'stored');
        assert.equal(metadata['general.file_type'], type === 'Q4_0' ? 2 : 25);
        for (const name of matrixNames) {
          const { dtype, bytes } = tensors.get(ggufName(name))!;
          const expected = blocks.get(name)!;
          assert.equal(dtype, TYPE_IDS[codebooks.has(name) ? type : 'Q8_0'] as GGMLQuantizationType, name);
          assert.ok(bytes.subarray(0, expected.length).equals(expected), name);
        }
      });
    });
  }

  it('quantizes tensors with a codebook of their own again, as IQ4_NL, and names them', async () => {
    await withFolder(async (folder) => {
      const own = layerNames[3]!;
      const codebooks = new Map([...allOf(Q4_0), [own, OWN]]);
      const { tensors, warnings } = await toGguf(folder, fromBlocks(randomBlocks(codebooks), codebooks));
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, new RegExp(`does not have the codebooks of ${own.replaceAll('.', '\\.')}; .*IQ4_NL`));
      for (const name of layerNames) {
        const type = name === own ? 'IQ4_NL' : 'Q4_0';
        assert.equal(tensors.get(ggufName(name))!.dtype, TYPE_IDS[type] as GGMLQuantizationType);
      }
    });
  });

  it('refuses a value of -128 and a scale that is not finite, and names the tensor', async () => {
    const codebooks = allOf(Q4_0);
    for (const [name, change] of [
      ['output.weight', (bytes: Uint8Array) => bytes.set([0x80], 40)],
      ['output.weight', (bytes: Uint8Array) => bytes.set([0, 0x7c], 34)],
      [layerNames[2]!, (bytes: Uint8Array) => bytes.set([1, 0xfc], 18)],
    ] as const) {
      await withFolder(async (folder) => {
        const blocks = randomBlocks(codebooks);
        change(blocks.get(name)!);
        const message = await failsWith('BAD_WEIGHTS', toGguf(folder, fromBlocks(blocks, codebooks)));
        assert.ok(message.includes(name), message);
      });
    }
  });
});
