// Checkpoints with weights that differ everywhere, and what a killed export leaves.

import { copyFile, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportEvent, ExportResult } from '@llama-ts/exporter';
import { writeSafetensors } from '@llama-ts/safetensors';
import { noise } from '../helpers/fake-hub/fake-repo.js';
import { writeLlamaConfig } from '../helpers/llama-config.js';

export { failsWith } from '../helpers/failure.js';
export { finish } from '../helpers/generators.js';
export { hiddenIn, withFolder } from '../helpers/scratch-folder.js';

/** A pid that no process has: beyond the largest that Linux gives. */
const NO_PID = 2 ** 22 + 1;

/** Sizes of a checkpoint. */
export interface CheckpointSize {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly nLayers: number;
}

/** 19 MB: some hundred milliseconds to export; its largest tensors go to the disk past the page cache. */
export const MEDIUM: CheckpointSize = { dim: 512, hiddenDim: 1024, nLayers: 4 };
/** 200 kB. */
export const SMALL: CheckpointSize = { dim: 64, hiddenDim: 128, nLayers: 2 };

const VOCAB_SIZE = 256;

/** Writes config.json and random BF16 weights; other weights for another seed. */
export async function writeCheckpoint(folder: string, size: CheckpointSize, seed = 1): Promise<void> {
  await writeLlamaConfig(folder, { ...size, nHeads: 4, nKvHeads: 2, vocabSize: VOCAB_SIZE });
  const tensors = [...shapesOf(size)].map(([name, shape], index) => {
    const data = noise(2 * shape.reduce((product, n) => product * n, 1), seed + index);
    // High bytes of ordinary magnitude: 2^-8 and below, of either sign.
    for (let i = 1; i < data.length; i += 2) data[i] = 0x3a | (data[i]! & 0x80);
    return { name, dtype: 'BF16' as const, shape, data };
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

function* shapesOf({ dim, hiddenDim, nLayers }: CheckpointSize): Generator<[string, number[]]> {
  yield ['model.embed_tokens.weight', [VOCAB_SIZE, dim]];
  yield ['model.norm.weight', [dim]];
  for (let layer = 0; layer < nLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const name of ['input', 'post_attention']) yield [`${prefix}.${name}_layernorm.weight`, [dim]];
    for (const name of ['q', 'o']) yield [`${prefix}.self_attn.${name}_proj.weight`, [dim, dim]];
    for (const name of ['k', 'v']) yield [`${prefix}.self_attn.${name}_proj.weight`, [dim / 2, dim]];
    for (const name of ['gate', 'up']) yield [`${prefix}.mlp.${name}_proj.weight`, [hiddenDim, dim]];
    yield [`${prefix}.mlp.down_proj.weight`, [dim, hiddenDim]];
  }
}

/**
 * Runs until `nTensors` are finished, and puts into the folder what a process killed at that moment leaves there.
 *
 * @param work writes `target` in `folder`
 */
export async function leaveKilled(
  work: AsyncGenerator<ExportEvent, ExportResult>,
  folder: string,
  target: string,
  nTensors: number,
): Promise<void> {
  const copies = await mkdtemp(join(tmpdir(), 'llama-killed-'));
  const names = ['partial', 'journal'].map((end) => `.${target}.${end}`);
  let nFinished = 0;
  for await (const event of work) {
    if (event.type !== 'tensor-end' || ++nFinished < nTensors) continue;
    for (const name of names) await copyFile(join(folder, name), join(copies, name));
    break;
  }
  for (const name of names) await copyFile(join(copies, name), join(folder, name));
  await rm(copies, { recursive: true });
}

/** Makes the lock of a process of this machine that has ended. `owner` is the lock of a running one. */
export async function leaveLock(folder: string, target: string, owner: string): Promise<void> {
  const [machine, , ...rest] = owner.split('-');
  await symlink([machine, NO_PID, ...rest].join('-'), join(folder, `.${target}.lock`));
}

/** Bytes in hex by name: of a file, or of the files in a folder. */
export async function contentOf(path: string): Promise<Map<string, string>> {
  const names = (await stat(path)).isDirectory() ? (await readdir(path)).sort() : [''];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), 'hex')] as const)),
  );
}
