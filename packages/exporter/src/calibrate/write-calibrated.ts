// Writes the matrices of the layers as a calibration gives them, one after the other.

import { hexOf } from '@llama-ts/base';
import type { DurableFile } from '@llama-ts/durable';
import { type BinTensor, isInPanels, type ModelDimensions, type PanelEncoding, valueBytes } from '@llama-ts/format';
import { type Kernels, startSha256 } from '@llama-ts/kernels';
import type { WriteEvent } from '../output/write-event.js';
import { calibrateLayers, isCalibrated, type StoredTensorBytes } from './calibrate-layers.js';
import type { CalibratedWriting } from './calibrated-writing.js';

/** Options of {@link writeCalibrated}. */
export interface WriteCalibratedOptions {
  readonly calibrate: CalibratedWriting;
  readonly header: { readonly dimensions: ModelDimensions };
  readonly tensors: readonly BinTensor[];
  /** Encodings that were chosen, by the index of the tensor; those of this calibration are added. */
  readonly chosen: Map<number, PanelEncoding>;
  readonly file: DurableFile;
  readonly kernels: Kernels;
  /** Whether a killed run has written a tensor. */
  isFinished(index: number): boolean;
  start(index: number): WriteEvent;
  /** Notes what was written of a tensor. */
  settle(index: number, checksum: Uint8Array, maxError: number | null, isResumed: boolean): WriteEvent;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ToolkitError what calibrateLayers and the file throw */
export async function* writeCalibrated(options: WriteCalibratedOptions): AsyncGenerator<WriteEvent> {
  const { calibrate, header, tensors, chosen, file, kernels, isFinished, start, settle, signal } = options;
  const { dimensions } = header;
  const written = new Map<number, StoredTensorBytes>();
  for (const [index, tensor] of tensors.entries()) {
    if (isCalibrated(tensor) && isFinished(index)) written.set(index, storedBytes(tensor, chosen.get(index), file));
  }
  const calibration = { ...calibrate, dimensions, tensors, written, kernels, signal };
  for await (const { index, encoding, bytes, maxError } of calibrateLayers(calibration)) {
    yield start(index);
    yield { type: 'bytes-written', byteLength: bytes.byteLength };
    const checksum = await writePanels(tensors[index]!, bytes, file);
    chosen.set(index, encoding);
    const codebook = encoding.id === 'Q4' ? { codebook: encoding.codebook } : {};
    await file.noteFinished({ index, sha256: hexOf(checksum), maxError, ...codebook });
    yield settle(index, checksum, maxError, false);
  }
}

/** Writes panels and the zeros after them; returns their checksum. */
async function writePanels(
  { byteOffset, byteLength }: BinTensor,
  panels: Uint8Array,
  file: DurableFile,
): Promise<Uint8Array> {
  const hash = startSha256();
  const run = file.startRun(byteOffset);
  for (const bytes of [panels, new Uint8Array(byteLength - panels.byteLength)]) {
    if (bytes.byteLength > 0) await Promise.all([run.write(bytes), hash.update(bytes)]);
  }
  await run.end();
  return hash.digest();
}

function storedBytes(tensor: BinTensor, chosen: PanelEncoding | undefined, file: DurableFile): StoredTensorBytes {
  const encoding = chosen ?? tensor.encoding;
  if (!isInPanels(encoding)) throw new TypeError(`${tensor.name}: is not in panels`);
  const [rows, columns] = tensor.shape as [number, number];
  return { encoding, read: () => file.readRange(tensor.byteOffset, valueBytes(encoding, rows, columns)) };
}
