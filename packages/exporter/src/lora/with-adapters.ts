// A model with LoRA adapters merged into it, as a source: rows are merged as they are read.

import { joinPath } from '@llama-ts/base';
import { type BinTensor, columnsOf, type SourceFile } from '@llama-ts/format';
import { type SourceDtype, sourceDtypeBytes } from '@llama-ts/kernels';
import type { TensorInfo } from '@llama-ts/safetensors';
import { describeFiles, identifyFiles } from '../checkpoint/source-files.js';
import type { ModelSource } from '../source/model-source.js';
import { checkpointRow, hasRotatedRows } from '../weights/rotated-rows.js';
import { NOTHING_LEFT, type WeightRows } from '../weights/weight-rows.js';
import { mergeRows, widenValues } from './merge-rows.js';
import { type AdapterChange, type LoraAdapter, type OpenAdapterOptions, openAdapter } from './open-adapter.js';

/**
 * A source with adapters merged in their order. Closing it closes the source too.
 *
 * @throws ToolkitError what openAdapter throws; the source stays open then
 */
export async function withAdapters(source: ModelSource, options: readonly OpenAdapterOptions[]): Promise<ModelSource> {
  const adapters: LoraAdapter[] = [];
  const closeAdapters = async (): Promise<void> => {
    await Promise.all(adapters.map((adapter) => adapter.close()));
  };
  try {
    for (const one of options) adapters.push(await openAdapter(one, source.dimensions));
  } catch (error) {
    await closeAdapters();
    throw error;
  }
  const isChanged = ({ name }: BinTensor): boolean => adapters.some(({ changes }) => changes.has(name));
  const merged = <R extends WeightRows>(rows: R): R => ({ ...rows, ...mergedRows(rows, source, adapters, isChanged) });
  const name = [source.name, ...adapters.map((adapter) => adapter.name)].join(' + ');
  return {
    ...source,
    name,
    otherPaths: adapters.flatMap(({ folder, paths }) => paths.map((path) => joinPath(folder, path))),
    storedType: null,
    weights: merged(source.weights),
    pass: (given) => merged(source.pass(given)),
    async identity() {
      const own = adapters.map(async (adapter) => {
        const known = { commit: null, knownSha256: new Map<string, string>(), stream: null };
        return [adapter.name, await identifyFiles(adapter.folder, adapter.paths, known)];
      });
      return JSON.stringify([await source.identity(), await Promise.all(own)]);
    },
    async provenance(given = {}) {
      const base = await source.provenance(given);
      if (base === null) return null;
      const files: SourceFile[] = [...base.files];
      for (const { folder, paths, name: adapter } of adapters) {
        const own = await describeFiles(folder, paths, { knownSha256: new Map(), signal: given.signal });
        files.push(...own.map((file) => ({ ...file, path: joinPath(adapter, file.path) })));
      }
      return { ...base, source: [base.source, ...adapters.map((adapter) => adapter.name)].join(' + '), files };
    },
    async close() {
      await closeAdapters();
      await source.close();
    },
  };
}

function mergedRows(
  rows: WeightRows,
  { dimensions }: ModelSource,
  adapters: readonly LoraAdapter[],
  isChanged: (tensor: BinTensor) => boolean,
): Pick<WeightRows, 'dtypeOf' | 'quantizationOf' | 'readRows'> {
  const headDim = dimensions.dim / dimensions.nHeads;
  let held: { readonly tensor: string; readonly changes: readonly LoadedChange[] } | null = null;
  return {
    dtypeOf: (tensor) => (isChanged(tensor) ? 'F32' : rows.dtypeOf(tensor)),
    quantizationOf: (tensor) => (isChanged(tensor) ? null : rows.quantizationOf(tensor)),
    async readRows(tensor, firstRow, nRows, into, signal) {
      if (!isChanged(tensor)) return rows.readRows(tensor, firstRow, nRows, into, signal);
      const dtype = rows.dtypeOf(tensor);
      const nValues = nRows * columnsOf(tensor);
      const bytes = new Uint8Array(nValues * sourceDtypeBytes[dtype]);
      const { hashed } = await rows.readRows(tensor, firstRow, nRows, bytes, signal);
      const weights = widenValues(bytes, dtype, new Float32Array(into.buffer, into.byteOffset, nValues));
      if (held?.tensor !== tensor.name)
        held = { tensor: tensor.name, changes: await loadChanges(tensor, adapters, signal) };
      const order = Array.from({ length: nRows }, (_, i) => {
        return hasRotatedRows(tensor) ? checkpointRow(firstRow + i, headDim) : firstRow + i;
      });
      for (const change of held.changes) applyChange(change, weights, order, tensor);
      await hashed;
      return NOTHING_LEFT;
    },
  };
}

/** A change whose tensors are in memory. */
type LoadedChange =
  | { readonly kind: 'whole'; readonly values: Float32Array }
  | { readonly kind: 'product'; readonly product: Parameters<typeof mergeRows>[2] };

async function loadChanges(
  tensor: BinTensor,
  adapters: readonly LoraAdapter[],
  signal: AbortSignal | undefined,
): Promise<readonly LoadedChange[]> {
  const loaded: LoadedChange[] = [];
  for (const { file, changes } of adapters) {
    const change = changes.get(tensor.name);
    if (change === undefined) continue;
    const load = async ({ name, dtype }: TensorInfo): Promise<Float32Array> =>
      widenValues(await file.read(name, { signal }), dtype as SourceDtype);
    loaded.push(await loadChange(change, load));
  }
  return loaded;
}

async function loadChange(
  change: AdapterChange,
  load: (tensor: TensorInfo) => Promise<Float32Array>,
): Promise<LoadedChange> {
  if (change.kind === 'whole') return { kind: 'whole', values: await load(change.tensor) };
  const { a, b, magnitude, scaling, isTransposed } = change;
  const matrix = async (tensor: TensorInfo): Promise<Float32Array> =>
    isTransposed ? transposed(await load(tensor), tensor.shape) : load(tensor);
  const product = { a: await matrix(a), b: await matrix(b), magnitude: magnitude && (await load(magnitude)), scaling };
  return { kind: 'product', product };
}

/** @param values (rows, columns) @returns (columns, rows) */
function transposed(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  return Float32Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** @param order rows of the adapter, as a checkpoint has them, for each row of `weights`; of a vector, one */
function applyChange(change: LoadedChange, weights: Float32Array, order: readonly number[], tensor: BinTensor): void {
  if (change.kind === 'product') {
    mergeRows(weights, order, change.product);
    return;
  }
  const columns = columnsOf(tensor);
  order.forEach((row, i) => {
    weights.set(change.values.subarray(row * columns, (row + 1) * columns), i * columns);
  });
}
