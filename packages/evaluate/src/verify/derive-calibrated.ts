// Derives the layers of a calibrated file again from its source and its text, and compares them with what is stored.

import { type ByteSource, ToolkitError } from '@llama-ts/base';
import {
  type CalibrationText,
  type DeriveLayersOptions,
  deriveLayers,
  type ModelSource,
  rowsOfPanels,
} from '@llama-ts/exporter';
import {
  type BinFile,
  CALIBRATION_RULE,
  columnsOf,
  isSameEncoding,
  type PanelEncoding,
  rowsOf,
  valueBytes,
} from '@llama-ts/format';
import { addGroupDifferences, type Differences } from './differences.js';

/** How a tensor differs from what the text gives. */
export interface Derivation {
  readonly differences: Differences;
  /** What the text gives. */
  readonly encoding: PanelEncoding;
}

/** Options of {@link deriveCalibrated}. */
export interface DeriveOptions {
  readonly source: ByteSource;
  readonly bin: BinFile;
  readonly against: ModelSource;
  readonly calibrate: CalibrationText;
  /** Default: the fastest that run here. */
  readonly kernels?: DeriveLayersOptions['kernels'];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks that the text is the file's before anything is read.
 *
 * @returns whether the file was calibrated
 * @throws ToolkitError `CALIBRATION_TEXT` where the file needs a text and there is none, another one, or one it does not need
 */
export function checkText(path: string, { trailer }: BinFile, text: CalibrationText | undefined): boolean {
  const quantization = trailer?.description.quantization;
  if (quantization?.rule !== CALIBRATION_RULE) {
    if (text === undefined) return false;
    throw new ToolkitError('CALIBRATION_TEXT', `${path}: was not quantized with a text, expected none: ${text.name}`, {
      suggestions: ['leave out --calibrate'],
    });
  }
  const { sha256, nTokens } = quantization.text;
  if (text?.sha256 === sha256) return true;
  const found = text === undefined ? 'none is given' : `${text.name} has the sha256 ${text.sha256}`;
  throw new ToolkitError(
    'CALIBRATION_TEXT',
    `${path}: was quantized with a text of ${nTokens} tokens, expected it to derive the weights again, sha256 ${sha256}; ${found}`,
    { suggestions: ['give the same text: --calibrate TEXT', 'verify the file by itself: leave out --against'] },
  );
}

/** The matrices of all layers, by their index in the layout. @throws ToolkitError what deriveLayers throws */
export async function deriveCalibrated(options: DeriveOptions): Promise<ReadonlyMap<number, Derivation>> {
  const { source, bin, against, calibrate, kernels, signal } = options;
  const derived = new Map<number, Derivation>();
  const layers = deriveLayers({ source: against, text: calibrate, bin, kernels, signal });
  for await (const { index, encoding, rows } of layers) {
    const tensor = bin.layout.tensors[index]!;
    const stored = tensor.encoding as PanelEncoding;
    const differences: Differences = { count: 0, first: null };
    if (isSameEncoding(stored, encoding)) {
      const byteLength = valueBytes(stored, rowsOf(tensor), columnsOf(tensor));
      const found = rowsOfPanels(tensor, stored, await source.read(tensor.byteOffset, byteLength));
      addGroupDifferences(differences, found, rows, stored.groupSize, 0);
    }
    derived.set(index, { differences, encoding });
  }
  return derived;
}
