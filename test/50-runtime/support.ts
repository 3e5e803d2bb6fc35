// The golden models as .bin files, made once, and their logits.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { probeBackends } from '@llama-ts/kernels';
import { sampleModelPath } from '@llama-ts/sample-model';
import { golden as goldenPath } from '../helpers/golden.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-runtime-test-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** Names of the backends that run here, fastest first. */
export const backends = (await probeBackends())
  .filter(({ rejection }) => rejection === null)
  .map(({ backend }) => backend);

export const goldenModels = ['tied-gqa-bf16', 'untied-mha-f32', 'sample'] as const;
export type GoldenModel = (typeof goldenModels)[number];

/** Path of a golden model as a .bin file with trailer. */
export async function modelFile(name: GoldenModel, version: 0 | 1 | 2 | 3): Promise<string> {
  const output = path.join(folder, `${name}-v${version}.bin`);
  if (!fs.existsSync(output)) {
    const source = name === 'sample' ? sampleModelPath : goldenPath(name);
    for await (const _ of exportModel({ source, output, version }));
  }
  return output;
}

/** A file of golden data. `transformers` and an independent implementation of docs/arithmetic.md made them. */
export function golden(name: GoldenModel, file: string): Buffer {
  return fs.readFileSync(goldenPath(name, name === 'sample' ? '' : 'oracle', file));
}

export function goldenJson<T>(name: GoldenModel, file: string): T {
  return JSON.parse(golden(name, file).toString('utf8')) as T;
}

export function goldenFloats(name: GoldenModel, file: string): Float32Array {
  const bytes = golden(name, file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Token ids whose logits are golden. */
export function goldenTokens(name: GoldenModel): number[] {
  if (name === 'sample') return goldenJson<{ tokens: number[] }>(name, 'logits.json').tokens;
  return goldenJson<number[]>(name, 'tokens.json');
}

/** Bits of float32 values, for comparisons that tell −0 from 0. */
export function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
