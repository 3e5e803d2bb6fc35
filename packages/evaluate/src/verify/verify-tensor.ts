// Verifies one tensor in a single pass: its checksum, its values, its round trip, and its distance from the source.

import { type FloatRows, openStoredTensor, type WeightCodec } from '@llama-ts/exporter';
import { type BinFile, type BinTensor, type ByteSource, columnsOf, equalBytes, isRopeTable } from '@llama-ts/format';
import { findBadValue } from './bad-values.js';
import { addFloatDifferences, addGroupDifferences, type Differences } from './differences.js';
import { addBlock, type ErrorSums, emptySums, figuresOf, worstGroup } from './error-sums.js';
import { countScales, emptyCounts, scaleBins } from './scale-histogram.js';
import { type StoredBlock, storedBlocks } from './tensor-blocks.js';
import type { Finding, TensorPosition, TensorVerdict } from './verify-result.js';

/** Smallest normal float32: below it a scale has too few bits for the writer's rule to give it again. */
const MIN_NORMAL = 2 ** -126;

/** What a tensor is verified with. */
export interface TensorContext {
  readonly source: ByteSource;
  readonly bin: BinFile;
  /** Where it came from; null when that is not known. */
  readonly rows: FloatRows | null;
  readonly codec: WeightCodec;
  /** The tables of a v0 file, which come from no source; null in v1 and v2. */
  readonly tables: ReturnType<WeightCodec['v0RopeTables']> | null;
  readonly signal?: AbortSignal | undefined;
}

/** What was seen of a tensor. */
export interface TensorInspection {
  readonly verdict: TensorVerdict;
  readonly findings: readonly Finding[];
  /** null without a source. */
  readonly sums: ErrorSums | null;
}

/** What the passes over a tensor's blocks collect. */
interface Tally {
  readonly counts: ReturnType<typeof emptyCounts>;
  readonly sums: ErrorSums;
  readonly fromExport: Differences;
  readonly fromRoundTrip: Differences;
  bad: { readonly index: number; readonly what: string } | null;
}

/** @param index of the tensor in the layout */
export async function verifyTensor(tensor: BinTensor, index: number, context: TensorContext) {
  const { source, bin, signal } = context;
  const tally: Tally = {
    counts: emptyCounts(),
    sums: emptySums(),
    fromExport: { count: 0, first: null },
    fromRoundTrip: { count: 0, first: null },
    bad: null,
  };
  const stored = await openStoredTensor(source, tensor);
  for await (const block of storedBlocks(tensor, stored)) {
    signal?.throwIfAborted();
    await addStored(tensor, block, tally, context);
  }
  const stated = bin.trailer?.checksums.tensors[index] ?? null;
  const checksumMatches = stated && equalBytes(await stored.digest(), stated);
  return conclude(tensor, checksumMatches, tally, context);
}

async function addStored(tensor: BinTensor, block: StoredBlock, tally: Tally, context: TensorContext): Promise<void> {
  const { codec, signal } = context;
  const { encoding } = tensor;
  const start = block.firstRow * columnsOf(tensor);
  const bad = findBadValue(block, encoding);
  if (bad !== null) tally.bad ??= { ...bad, index: start + bad.index };
  if (!encoding.isQuantized || block.scales === null) {
    const rows = await sourceRows(tensor, block, context);
    if (rows === null) return;
    addFloatDifferences(tally.fromExport, block.floats!, rows.weights, start);
    if (bad === null) addBlock(tally.sums, rows.weights, block.floats!, null, 1);
    return;
  }
  const { groupSize } = encoding;
  const rows = await sourceRows(tensor, block, context);
  if (rows !== null) {
    const isSameFormat = rows.quantized !== null && context.rows?.groupSize === groupSize;
    const expected = isSameFormat ? rows.quantized! : await codec.quantize(rows.weights, groupSize, signal);
    addGroupDifferences(tally.fromExport, block, expected, groupSize, start);
  }
  if (bad !== null) return;
  countScales(tally.counts, block.scales);
  const stored = await codec.dequantize(block, groupSize, signal);
  if (rows !== null) addBlock(tally.sums, rows.weights, stored, block.scales, groupSize);
  const again = await codec.quantize(stored, groupSize, signal);
  addGroupDifferences(tally.fromRoundTrip, block, again, groupSize, start, (scale) => scale < MIN_NORMAL);
}

async function sourceRows(tensor: BinTensor, { firstRow, nRows }: StoredBlock, context: TensorContext) {
  const { rows, tables, signal } = context;
  if (!isRopeTable(tensor)) return rows === null ? null : rows.readRows(tensor, firstRow, nRows, signal);
  const columns = columnsOf(tensor);
  const table = tensor.kind === 'ropeCos' ? tables!.cos : tables!.sin;
  return { weights: table.subarray(firstRow * columns, (firstRow + nRows) * columns), quantized: null };
}

function conclude(
  tensor: BinTensor,
  checksumMatches: boolean | null,
  tally: Tally,
  { rows }: TensorContext,
): TensorInspection {
  const { name, layer, encoding, shape, byteLength } = tensor;
  const { isQuantized } = encoding;
  const groupSize = isQuantized ? encoding.groupSize : null;
  const findings: Finding[] = [];
  const at = (first: number | null): TensorPosition | null =>
    first === null ? null : positionOf(first, columnsOf(tensor), groupSize);
  const find = (code: string, message: string, first: number | null): void => {
    findings.push({ part: 'tensor', tensor: name, code, message: `${name}: ${message}`, position: at(first) });
  };
  if (checksumMatches === false) find('BAD_CHECKSUM', 'does not have the sha256 that the trailer states', null);
  if (tally.bad !== null) {
    find('BAD_WEIGHTS', `${words(at(tally.bad.index)!)} is ${tally.bad.what}`, tally.bad.index);
  }
  const unit = isQuantized ? 'groups' : 'values';
  if (tally.fromExport.first !== null) {
    const { count, first } = tally.fromExport;
    const source = isRopeTable(tensor) ? 'the writer' : rows!.name;
    find('DIFFERS_FROM_SOURCE', `${count} ${unit} are not what ${source} gives, first at ${words(at(first)!)}`, first);
  }
  if (tally.fromRoundTrip.first !== null) {
    const { count, first } = tally.fromRoundTrip;
    find(
      'NOT_REPRODUCIBLE',
      `${count} ${unit} change when dequantized and quantized again, first at ${words(at(first)!)}`,
      first,
    );
  }
  const hasErrors = rows !== null && !isRopeTable(tensor) && tally.sums.n === tensor.nValues;
  const verdict: TensorVerdict = {
    name,
    layer,
    dtype: encoding.id,
    shape,
    byteLength,
    checksumMatches,
    equalsExport: rows === null && !isRopeTable(tensor) ? null : tally.fromExport.first === null,
    survivesRoundTrip: isQuantized ? tally.bad === null && tally.fromRoundTrip.first === null : null,
    errors: hasErrors
      ? { ...figuresOf(tally.sums), worstGroup: worstGroup(tally.sums, groupSize ?? 1, columnsOf(tensor)) }
      : null,
    scales: scaleBins(tally.counts),
  };
  return { verdict, findings, sums: hasErrors ? tally.sums : null };
}

function positionOf(index: number, columns: number, groupSize: number | null): TensorPosition {
  const group = groupSize === null ? null : Math.floor(index / groupSize);
  return { row: Math.floor(index / columns), column: index % columns, group };
}

function words({ row, column, group }: TensorPosition): string {
  return group === null ? `row ${row}, column ${column}` : `group ${group} (row ${row}, column ${column})`;
}
