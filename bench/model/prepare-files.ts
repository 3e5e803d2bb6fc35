// Makes, once, the model files that the engines of a run need, in one folder.

import { access, constants, copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@llama-ts/base';
import { convertModel, exportModel, type WeightType } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { makeModel } from '../make-model.js';
import type { ModelShape } from './shapes.js';

const SEED = 1;
/** runq reserves a float32 cache for all positions: 8 GiB for the 131,072 of Llama 3.2. */
const RUNQ_MAX_SEQ_LEN = 4096;
/** Where the header holds max_seq_len. */
const MAX_SEQ_LEN_OFFSET = 32;

/** Paths of one model in the forms that engines read; those not asked for do not exist. */
export interface ModelFiles {
  /** v2, group size 64. */
  readonly q8: string;
  readonly q8WeightBytes: number;
  /** v1. */
  readonly float32: string;
  readonly float32WeightBytes: number;
  /** GGUF, Q8_0. */
  readonly gguf: string;
  /** GGUF, F32. */
  readonly float32Gguf: string;
  /** v2 with fewer positions. */
  readonly runqModel: string;
  readonly tokenizerBin: string;
}

/** Which files a run needs besides v2. */
export interface NeededFiles {
  readonly float32: boolean;
  /** Default false. */
  readonly float32Gguf?: boolean;
  readonly gguf: boolean;
  readonly runq: boolean;
}

/** Makes what is missing; `log` hears of each file made. */
export async function prepareFiles(
  folder: string,
  shape: ModelShape,
  needed: NeededFiles,
  log: (line: string) => void,
): Promise<ModelFiles> {
  const checkpoint = join(folder, 'checkpoint');
  const paths = {
    q8: join(folder, 'model-q8_0.bin'),
    float32: join(folder, 'model-f32.bin'),
    gguf: join(folder, 'model-q8_0.gguf'),
    float32Gguf: join(folder, 'model-f32.gguf'),
    runqModel: join(folder, 'model-runq.bin'),
    tokenizerBin: join(folder, 'tokenizer.bin'),
  };
  if (await makeModel(checkpoint, { shape, seed: SEED })) log(`made ${checkpoint}`);
  const exportOnce = async (output: string, version: 1 | 2, tokenizerBin?: string) => {
    if (await exists(output)) return;
    const events = exportModel({ source: checkpoint, output, version, tokenizerBin, force: true });
    for await (const event of events) if (event.type === 'warning') log(event.message);
    log(`made ${output}`);
  };
  await exportOnce(paths.q8, 2, paths.tokenizerBin);
  if (needed.float32) await exportOnce(paths.float32, 1);
  const convertOnce = async (output: string, type: WeightType) => {
    if (await exists(output)) return;
    const events = convertModel({ source: checkpoint, output, to: 'gguf', type });
    for await (const event of events) if (event.type === 'warning') log(event.message);
    log(`made ${output}`);
  };
  if (needed.gguf) await convertOnce(paths.gguf, 'Q8_0');
  if (needed.float32Gguf) await convertOnce(paths.float32Gguf, 'F32');
  if (needed.runq && !(await exists(paths.runqModel))) await copyForRunq(paths.q8, paths.runqModel);
  return {
    ...paths,
    q8WeightBytes: await weightBytes(paths.q8),
    float32WeightBytes: needed.float32 ? await weightBytes(paths.float32) : Number.NaN,
  };
}

async function copyForRunq(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  const file = await open(target, 'r+');
  try {
    await file.write(Uint8Array.from(Buffer.from(Int32Array.of(RUNQ_MAX_SEQ_LEN).buffer)), 0, 4, MAX_SEQ_LEN_OFFSET);
  } finally {
    await file.close();
  }
}

async function weightBytes(path: string): Promise<number> {
  const source = await openFile(path);
  try {
    return (await readBinFile(source)).layout.weightsEnd;
  } finally {
    await source.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
