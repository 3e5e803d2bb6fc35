// v3 to a Hugging Face folder: the weights are those that value times scale give, and another reader finds them.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { layout, readBinFile } from '@llama-ts/format';
import { openSafetensorsFolder } from '@llama-ts/safetensors';
import { golden, withFolder } from '../40-exporter/support.js';
import { convert, exportBin } from './support.js';

/** Rows of a head's halves lie apart in a Hugging Face folder, and next to each other in a .bin. */
function heads(name: string, { dim, nHeads, nKvHeads }: { dim: number; nHeads: number; nKvHeads: number }) {
  const n = name.includes('q_proj') ? nHeads : name.includes('k_proj') ? nKvHeads : 0;
  return { n, rows: dim / nHeads };
}

const NAMES: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attention.wq',
  'self_attn.k_proj': 'attention.wk',
  'self_attn.v_proj': 'attention.wv',
  'self_attn.o_proj': 'attention.wo',
  'mlp.gate_proj': 'feed_forward.w1',
  'mlp.down_proj': 'feed_forward.w2',
  'mlp.up_proj': 'feed_forward.w3',
};

describe('v3 to safetensors', () => {
  for (const model of ['tied-gqa-bf16', 'untied-mha-f32'] as const) {
    it(`gives every weight of ${model} as its value times its scale, in float32`, async () => {
      await withFolder(async (folder) => {
        const path = await exportBin(golden(model), join(folder, 'v3.bin'), 3);
        const output = join(folder, 'hf');
        await convert({ source: path, output, to: 'safetensors' });
        const bytes = new Uint8Array(await readFile(path));
        const { header, layout: stored } = await readBinFile(bytesSource(bytes, path));
        assert.equal(layout(header).tensors.length, stored.tensors.length);
        const hf = await openSafetensorsFolder(output);
        let nCompared = 0;
        for (const { name, dtype, shape } of hf.tensors.values()) {
          const [, layer, kind] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
          const own =
            kind === undefined
              ? { 'model.embed_tokens.weight': 'tok_embeddings.weight', 'lm_head.weight': 'output.weight' }[name]
              : NAMES[kind] && `layers.${layer}.${NAMES[kind]}.weight`;
          if (own === undefined) continue;
          const tensor = stored.tensors.find((one) => one.name === own)!;
          assert.equal(dtype, 'F32', name);
          assert.deepEqual(shape, tensor.shape, name);
          const floats = Buffer.from(await hf.read(name));
          const expected = inHfOrder(
            dequantized(bytes, tensor),
            shape as [number, number],
            heads(name, header.dimensions),
          );
          assert.ok(floats.equals(Buffer.from(expected.buffer)), name);
          nCompared++;
        }
        await hf.close();
        assert.equal(nCompared, stored.tensors.filter((one) => one.shape.length === 2).length);
      });
    });
  }
});

/** Value times scale of every weight, row by row, by the layout of docs/format.md. */
function dequantized(
  file: Uint8Array,
  { shape, byteOffset, encoding }: { shape: readonly number[]; byteOffset: number; encoding: { id: string } },
): Float32Array {
  const [rows, cols] = shape as [number, number];
  const isQ4 = encoding.id === 'Q4';
  const codebook = isQ4 ? (encoding as unknown as { codebook: readonly number[] }).codebook : [];
  const groups = cols / 32;
  const scaleBytes = Math.ceil((groups * 32) / 64) * 64;
  const groupBytes = isQ4 ? 256 : 512;
  const out = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const panel = byteOffset + Math.floor(row / 16) * (scaleBytes + groups * groupBytes);
    const lane = row % 16;
    for (let column = 0; column < cols; column++) {
      const group = Math.floor(column / 32);
      const inGroup = column % 32;
      const at = panel + 2 * (16 * group + lane);
      const place = isQ4 ? inGroup % 16 : inGroup;
      const byte = file[panel + scaleBytes + group * groupBytes + Math.floor(place / 4) * 64 + lane * 4 + (place % 4)]!;
      const value = isQ4 ? codebook[inGroup < 16 ? byte & 15 : byte >> 4]! : (byte << 24) >> 24;
      out[row * cols + column] = value * half(file[at]! | (file[at + 1]! << 8));
    }
  }
  return out;
}

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Row 2 i of a head goes to row i, and row 2 i + 1 to row i after the first half. */
function inHfOrder(
  floats: Float32Array,
  [, cols]: readonly [number, number],
  { n, rows }: { readonly n: number; readonly rows: number },
): Float32Array {
  if (n === 0) return floats;
  const out = new Float32Array(floats.length);
  for (let head = 0; head < n; head++) {
    for (let row = 0; row < rows; row++) {
      const to = head * rows + (row % 2) * (rows / 2) + Math.floor(row / 2);
      out.set(floats.subarray((head * rows + row) * cols, (head * rows + row + 1) * cols), to * cols);
    }
  }
  return out;
}
