// Builds safetensors files from literal header text, and runs code that must fail.

import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsError } from '@llama-ts/safetensors';

/** A file: the length of `header` as eight little-endian bytes, `header`, `data`. */
export function fileOf(header: string | Uint8Array, data: string | Uint8Array = ''): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return new Uint8Array(Buffer.concat([length, json, Buffer.from(data)]));
}

/** The error that `action` throws; fails when it throws none or one of another shape. */
export async function failureOf(action: () => unknown): Promise<SafetensorsError> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof SafetensorsError, `expected a SafetensorsError, got ${error}`);
    assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/);
    return error;
  }
  return assert.fail('expected an error');
}

/** Runs `use` with a fresh folder and removes it. */
export async function withFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'safetensors-test-'));
  try {
    return await use(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
