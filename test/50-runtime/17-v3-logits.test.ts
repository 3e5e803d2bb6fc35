// Logits of v3 files: on every backend those of a v2 file with groups of 32 that holds the same values and scales.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bytesSource, sha256 } from '@llama-ts/base';
import { type BinTensor, encodeHeader, encodeTrailer, layout, type PanelEncoding, readBinFile } from '@llama-ts/format';
import { type BackendName, panelRows, probeBackends } from '@llama-ts/kernels';
import { openModel } from '@llama-ts/runtime';
import { bits, type GoldenModel, goldenFloats, goldenTokens, modelFile } from './support.js';

const backends = (await probeBackends()).filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-v3-logits-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

async function logitsOf(file: string, tokens: number[], backend: BackendName, threads: number, chunk: number) {
  const model = await openModel(file, { backend, threads, context: tokens.length });
  try {
    const cache = model.createCache();
    const { vocabSize } = model.header.dimensions;
    const all = new Float32Array(tokens.length * vocabSize);
    for (let position = 0; position < tokens.length; position += chunk) {
      const batch = [{ cache, position, tokens: tokens.slice(position, position + chunk) }];
      all.set(await model.forward(batch, { logits: 'all' }), position * vocabSize);
    }
    return all;
  } finally {
    await model.close();
  }
}

/** A v2 file with the values, codebooks applied, and the scales of a v3 file, which may be below 0. */
async function asV2(name: GoldenModel): Promise<string> {
  const source = fs.readFileSync(await modelFile(name, 3));
  const { header, layout: places, trailer } = await readBinFile(bytesSource(source, name));
  const rows = { version: 2, dimensions: header.dimensions, groupSize: 32 } as const;
  const { tensors, weightsEnd } = layout(rows);
  const bytes = new Uint8Array(weightsEnd);
  bytes.set(encodeHeader(rows));
  for (const [i, tensor] of tensors.entries()) {
    const from = places.tensors[i]!;
    if (tensor.encoding.id === 'F32')
      bytes.set(source.subarray(from.byteOffset, from.scalesByteOffset), tensor.byteOffset);
    else storeRows(bytes, tensor, from, source);
  }
  const checksums = {
    header: sha256(encodeHeader(rows)),
    tensors: tensors.map(({ byteOffset, byteLength }) => sha256(bytes.subarray(byteOffset, byteOffset + byteLength))),
  };
  const file = path.join(scratch, `${name}.bin`);
  fs.writeFileSync(file, Buffer.concat([bytes, encodeTrailer({ ...trailer!, checksums }, weightsEnd)]));
  return file;
}

function storeRows(bytes: Uint8Array, tensor: BinTensor, from: BinTensor, source: Uint8Array): void {
  const [rows, cols] = tensor.shape as [number, number];
  const panels = new Uint8Array(source.subarray(from.byteOffset, from.scalesByteOffset));
  const encoding = from.encoding as PanelEncoding;
  const shape = { rows, cols, panels };
  const reader = panelRows(
    encoding.id === 'Q8'
      ? { dtype: 'Q8', ...shape }
      : { dtype: 'Q4', ...shape, codebook: Int8Array.from(encoding.codebook) },
  );
  for (let row = 0; row < rows; row++) {
    bytes.set(new Uint8Array(reader.values(row).buffer), tensor.byteOffset + row * cols);
    const scales = new Uint8Array(reader.scales(row).slice().buffer);
    bytes.set(scales, tensor.scalesByteOffset + row * scales.length);
  }
}

for (const backend of backends) {
  for (const threads of backend === 'reference' ? [1] : [1, 2, 3]) {
    describe(`logits of v3 on the ${backend} kernels, threads: ${threads}`, () => {
      for (const name of ['tied-gqa-bf16', 'untied-mha-f32', 'sample'] as const) {
        it(`of ${name} equal those of the same values and scales in v2, bit for bit, in any chunks`, async () => {
          const tokens = goldenTokens(name).slice(0, 48);
          const expected = bits(await logitsOf(await asV2(name), tokens, 'reference', 1, 48));
          for (const chunk of backend === 'reference' ? [48] : [1, 7, 48]) {
            const found = await logitsOf(await modelFile(name, 3), tokens, backend, threads, chunk);
            assert.deepEqual(bits(found), expected, `chunks of ${chunk}`);
          }
        }).timeout(120_000);
      }
    });
  }
}

describe('logits of v3', () => {
  it('of the sample predict most of the tokens that float32 weights predict', async () => {
    const tokens = goldenTokens('sample');
    const found = await logitsOf(await modelFile('sample', 3), tokens, backends[0]!, 1, 512);
    const expected = goldenFloats('sample', 'logits.f32');
    const vocabSize = found.length / tokens.length;
    const top = (logits: Float32Array, i: number): number => {
      const row = logits.subarray(i * vocabSize, (i + 1) * vocabSize);
      return row.indexOf(Math.max(...row));
    };
    const same = tokens.filter((_, i) => top(found, i) === top(expected, i)).length;
    assert.ok(same >= 0.85 * tokens.length, `${same} of ${tokens.length}`);
  });
});
