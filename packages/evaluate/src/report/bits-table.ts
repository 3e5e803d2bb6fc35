// Where the bits of a file went: bytes, bits and error of each kind of tensor.

import type { TensorVerdict } from '../verify/verify-result.js';
import { numberCell, table, text } from './html.js';
import { shortNumber } from './plot.js';

/** Tensors of one kind, in all layers. */
interface Kind {
  readonly types: Set<string>;
  nTensors: number;
  nValues: number;
  byteLength: number;
  /** Σ error² and Σ weight² of those that were compared with a source. */
  noise: number;
  signal: number;
}

/** Root mean square of the error over that of the weights. */
export function relativeNoise({ snr }: { readonly snr: number }): number {
  return 10 ** (-snr / 20);
}

/** A table of the kinds of tensors, those of layers together, in the order of the file; empty where no tensor was read. */
export function bitsTable(tensors: readonly TensorVerdict[]): string {
  if (tensors.length === 0) return '';
  const kinds = new Map<string, Kind>();
  for (const { name, dtype, shape, byteLength, errors } of tensors) {
    const key = name.replace(/^layers\.\d+\.|\.weight$/g, '');
    const kind = kinds.get(key) ?? newKind();
    const nValues = shape.reduce((product, n) => product * n, 1);
    kind.types.add(dtype);
    kind.nTensors++;
    kind.nValues += nValues;
    kind.byteLength += byteLength;
    if (errors !== null && Number.isFinite(errors.snr)) {
      kind.noise += errors.rmse ** 2 * nValues;
      kind.signal += (errors.rmse ** 2 * nValues) / relativeNoise(errors) ** 2;
    }
    kinds.set(key, kind);
  }
  const all = [...kinds.values()];
  const bytes = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const noise = all.reduce((sum, kind) => sum + kind.noise, 0);
  const rows = [...kinds].map(([name, kind]) => [
    { html: text(name) },
    { html: text([...kind.types].join(', ')) },
    numberCell(String(kind.nTensors)),
    numberCell((kind.byteLength / 1e6).toFixed(2)),
    numberCell(((100 * kind.byteLength) / bytes).toFixed(1)),
    numberCell(((8 * kind.byteLength) / kind.nValues).toFixed(2)),
    ...(noise === 0
      ? []
      : [
          numberCell(kind.signal === 0 ? '' : shortNumber(100 * Math.sqrt(kind.noise / kind.signal))),
          numberCell(((100 * kind.noise) / noise).toFixed(1)),
        ]),
  ]);
  const columns = ['tensors', 'type', 'number', 'MB', 'share of bytes, %', 'bits per weight'];
  const errorColumns = noise === 0 ? [] : ['relative error, %', 'share of squared error, %'];
  return `<h3>Where the bits went</h3>\n${table('Bytes and errors by kind of tensor', [...columns, ...errorColumns], rows)}`;
}

function newKind(): Kind {
  return { types: new Set(), nTensors: 0, nValues: 0, byteLength: 0, noise: 0, signal: 0 };
}
