// Scales of bfloat16 weights are read as half as many bytes; a changed file must not lose a bit by it.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { openFile } from '@llama-ts/base';
import { type BinTensor, readBinFile } from '@llama-ts/format';
import type { BackendName } from '@llama-ts/kernels';
import { openModel } from '@llama-ts/runtime';
import { backends, bits, goldenTokens, modelFile } from './support.js';

const tokens = goldenTokens('tied-gqa-bf16').slice(0, 20);

describe('a file with a scale that bfloat16 weights cannot give', () => {
  for (const kind of ['embedding', 'wk', 'w2'] as const) {
    it(`in ${kind} gives the reference's logits, which differ from the original file's`, async () => {
      const original = await modelFile('tied-gqa-bf16', 2);
      const changed = `${original}.${kind}`;
      await changeScale(original, changed, kind);
      const expected = await logitsOf(changed, 'reference');
      assert.notDeepEqual(bits(expected), bits(await logitsOf(original, 'reference')));
      for (const backend of backends) assert.deepEqual(bits(await logitsOf(changed, backend)), bits(expected), backend);
    });
  }
});

/** Makes the last scale of the first such tensor larger by 1 in some thousands. */
async function changeScale(original: string, changed: string, kind: BinTensor['kind']): Promise<void> {
  const source = await openFile(original);
  const { header, layout } = await readBinFile(source);
  await source.close();
  const { scalesByteOffset, nValues } = layout.tensors.find((tensor) => tensor.kind === kind)!;
  const at = scalesByteOffset + 4 * (nValues / header.groupSize! - 1);
  const bytes = await fs.readFile(original);
  bytes.writeUInt32LE(bytes.readUInt32LE(at) + 0x800, at);
  await fs.writeFile(changed, bytes);
}

async function logitsOf(file: string, backend: BackendName): Promise<Float32Array> {
  const model = await openModel(file, { backend, context: tokens.length });
  const logits = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
  const copy = logits.slice();
  await model.close();
  return copy;
}
