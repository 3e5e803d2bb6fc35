// The layers of a calibrated file, derived again from its source and its text.

import { type BinFile, type BinTensor, columnsOf, type PanelEncoding, rowsOf } from '@llama-ts/format';
import { type Kernels, openKernels, panelRows } from '@llama-ts/kernels';
import type { ModelSource } from '../source/model-source.js';
import { panelMatrix } from '../weights/panel-matrix.js';
import type { QuantizedRows } from '../weights/weight-codec.js';
import { calibrateLayers } from './calibrate-layers.js';
import { calibratedWriting } from './calibrated-writing.js';
import type { CalibrationText } from './calibration.js';

/** A matrix of a layer as the source and the text give it. */
export interface DerivedTensor {
  /** In the layout. */
  readonly index: number;
  readonly encoding: PanelEncoding;
  /** All of its rows. */
  readonly rows: QuantizedRows;
}

/** Options of {@link deriveLayers}. */
export interface DeriveLayersOptions {
  readonly source: ModelSource;
  readonly text: CalibrationText;
  /** The file, whose types the tensors get. */
  readonly bin: BinFile;
  /** Default: the fastest that run here. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ToolkitError what calibratedWriting and calibrateLayers throw */
export async function* deriveLayers(options: DeriveLayersOptions): AsyncGenerator<DerivedTensor> {
  const { source, text, bin, signal } = options;
  const { tensors } = bin.layout;
  const { dimensions, version } = bin.header;
  const writing = calibratedWriting(source, text, version);
  const kernels = options.kernels ?? (await openKernels());
  try {
    const layers = calibrateLayers({ ...writing, dimensions, tensors, written: new Map(), kernels, signal });
    for await (const { index, encoding, bytes } of layers) {
      yield { index, encoding, rows: rowsOfPanels(tensors[index]!, encoding, bytes) };
    }
  } finally {
    if (options.kernels === undefined) await kernels.close();
  }
}

/** All rows that the panels of a tensor hold. */
export function rowsOfPanels(tensor: BinTensor, encoding: PanelEncoding, panels: Uint8Array): QuantizedRows {
  const [rows, columns] = [rowsOf(tensor), columnsOf(tensor)];
  const reader = panelRows(panelMatrix(encoding, rows, columns, panels));
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array((rows * columns) / encoding.groupSize);
  for (let row = 0; row < rows; row++) {
    values.set(reader.values(row), row * columns);
    scales.set(reader.scales(row), (row * columns) / encoding.groupSize);
  }
  return { values, scales };
}
