// Verifies one tensor in a single pass: its checksum, its values, its round trip, and its distance from the source.

import { type ByteSource, equalBytes } from '@llama-ts/base';
import { type FloatRows, openStoredTensor, type ReadFloatRows, type WeightCodec } from '@llama-ts/exporter';
import {
  type BinFile,
  type BinTensor,
  columnsOf,
  isInPanels,
  isRopeTable,
  isSameEncoding,
  type WeightEncoding,
} from '@llama-ts/format';
import { findBadValue } from './bad-values.js';
import type { Derivation } from './derive-calibrated.js';
import { addFloatDifferences, addGroupDifferences, type Differences } from './differences.js';
import { addBlock, type ErrorSums, emptySums, figuresOf, worstGroup } from './error-sums.js';
import { countScales, emptyCounts, scaleBins } from './scale-histogram.js';
import { type StoredBlock, storedBlocks } from './tensor-blocks.js';
import type { Finding, TensorPosition, TensorVerdict } from './verify-result.js';

/** Smallest normal float32 and float16: a smaller scale has too few bits to be found again by quantizing. */
const MIN_NORMAL = 2 ** -126;
const MIN_NORMAL_HALF = 2 ** -14;

/** Rows and options of the verification of a tensor. */
export interface TensorContext {
  readonly source: ByteSource;
  readonly bin: BinFile;
  /** The source of the file; null where none is given. */
  readonly against: { readonly name: string; readonly read: ReadFloatRows } | null;
  /** What the source and the file's calibration text give for the layers, by the index of the tensor; null without such a text. */
  readonly derived: ReadonlyMap<number, Derivation> | null;
  readonly codec: WeightCodec;
  /** The tables of a v0 file, which come from no source; null in v1 and v2. */
  readonly tables: ReturnType<WeightCodec['v0RopeTables']> | null;
  readonly signal?: AbortSignal | undefined;
}

/** The results for a tensor. */
export interface TensorInspection {
  readonly verdict: TensorVerdict;
  readonly findings: readonly Finding[];
  /** null without a source. */
  readonly sums: ErrorSums | null;
}

/** Results collected over a tensor's blocks. */
interface Tally {
  readonly counts: ReturnType<typeof emptyCounts>;
  readonly sums: ErrorSums;
  readonly fromExport: Differences;
  readonly fromRoundTrip: Differences;
  /** The encoding that the writer chooses for the source's weights; null before the first block, and without a source. */
  expected: WeightEncoding | null;
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
    expected: null,
    bad: null,
  };
  const derivation = context.derived?.get(index);
  if (derivation !== undefined) {
    Object.assign(tally.fromExport, derivation.differences);
    tally.expected = derivation.encoding;
  }
  const stored = await openStoredTensor(source, tensor);
  for await (const block of storedBlocks(tensor, stored, bin.header.dimensions)) {
    signal?.throwIfAborted();
    await addStored(tensor, block, tally, derivation !== undefined, context);
  }
  const stated = bin.trailer?.checksums.tensors[index] ?? null;
  const digest = await stored.digest();
  return conclude(tensor, stated && equalBytes(digest, stated), stored.strayByte(), tally, context);
}

/** @param isDerived whether the tally knows already how the tensor differs from what its source gives */
async function addStored(
  tensor: BinTensor,
  block: StoredBlock,
  tally: Tally,
  isDerived: boolean,
  context: TensorContext,
): Promise<void> {
  const { codec, signal } = context;
  const { encoding } = tensor;
  const start = block.firstRow * columnsOf(tensor);
  const bad = findBadValue(block, encoding);
  if (bad !== null) tally.bad ??= { ...bad, index: start + bad.index };
  if (!encoding.isQuantized || block.scales === null) {
    const rows = await sourceRows(tensor, block, context);
    if (rows === null) return;
    addFloatDifferences(tally.fromExport, block.floats!, rows.weights, start);
    if (bad === null) addBlock(tally.sums, rows.weights, block.floats!, null);
    return;
  }
  const { groupSize } = encoding;
  const columns = columnsOf(tensor);
  const rows = await sourceRows(tensor, block, context);
  if (rows !== null && !isDerived) {
    tally.expected ??= await expectedEncoding(encoding, rows, columns, context);
    const expected =
      rows.stored ?? (await codec.quantize(rows.weights, tally.expected as typeof encoding, columns, signal));
    addGroupDifferences(tally.fromExport, block, expected, groupSize, start);
  }
  if (bad !== null) return;
  countScales(tally.counts, block.scales);
  const stored = await codec.dequantize(block, groupSize, signal);
  if (rows !== null)
    addBlock(tally.sums, rows.weights, stored, { scales: block.scales, groupSize, step: stepOf(encoding) });
  // A search may find a better scale for the rounded weights than the one that they have.
  if (encoding.id === 'Q4') return;
  const again = await codec.quantize(stored, encoding, columns, signal);
  const minNormal = isInPanels(encoding) ? MIN_NORMAL_HALF : MIN_NORMAL;
  addGroupDifferences(tally.fromRoundTrip, block, again, groupSize, start, (scale) => scale < minNormal);
}

/** The encoding that a writer gives the tensor: 4 bits with the codebook that it chooses by the first rows. */
async function expectedEncoding(
  encoding: WeightEncoding,
  { weights, stored }: FloatRows,
  columns: number,
  { codec, signal }: TensorContext,
): Promise<WeightEncoding> {
  if (encoding.id !== 'Q4' || stored !== null) return encoding;
  return codec.chooseEncoding(weights, columns, signal);
}

/** The widest distance of neighbours, in scales: half of it is the most that rounding can take from a weight in reach. */
function stepOf(encoding: WeightEncoding): number {
  if (encoding.id !== 'Q4') return 1;
  const entries = encoding.codebook.toSorted((a, b) => a - b);
  return entries.reduce((widest, entry, i) => (i === 0 ? 0 : Math.max(widest, entry - entries[i - 1]!)), 0);
}

/** The rows that an export of the source would write, or null without a source. */
async function sourceRows(
  tensor: BinTensor,
  { firstRow, nRows }: StoredBlock,
  { against, tables, signal }: TensorContext,
): Promise<FloatRows | null> {
  if (!isRopeTable(tensor)) return against === null ? null : against.read(tensor, firstRow, nRows, signal);
  const columns = columnsOf(tensor);
  const table = tensor.kind === 'ropeCos' ? tables!.cos : tables!.sin;
  return { weights: table.subarray(firstRow * columns, (firstRow + nRows) * columns), stored: null };
}

function conclude(
  tensor: BinTensor,
  checksumMatches: boolean | null,
  strayByte: number | null,
  tally: Tally,
  { against }: TensorContext,
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
  if (strayByte !== null) find('BAD_PADDING', `byte ${strayByte} of the file is padding and not zero`, null);
  const { expected } = tally;
  if (expected?.id === 'Q4' && !isSameEncoding(expected, encoding)) {
    find(
      'DIFFERS_FROM_SOURCE',
      `the codebook is not ${expected.codebook.join(' ')}, which ${against!.name} gives`,
      null,
    );
  }
  const unit = isQuantized ? 'groups' : 'values';
  if (tally.fromExport.first !== null) {
    const { count, first } = tally.fromExport;
    const source = isRopeTable(tensor) ? 'the writer' : against!.name;
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
  const hasErrors = against !== null && !isRopeTable(tensor) && tally.sums.n === tensor.nValues;
  const verdict: TensorVerdict = {
    name,
    layer,
    dtype: encoding.id,
    shape,
    byteLength,
    checksumMatches,
    equalsExport: against === null && !isRopeTable(tensor) ? null : !findings.some(isDifference),
    survivesRoundTrip:
      isQuantized && encoding.id !== 'Q4' ? tally.bad === null && tally.fromRoundTrip.first === null : null,
    errors: hasErrors
      ? { ...figuresOf(tally.sums), worstGroup: worstGroup(tally.sums, groupSize ?? 1, columnsOf(tensor)) }
      : null,
    scales: scaleBins(tally.counts),
  };
  return { verdict, findings, sums: hasErrors ? tally.sums : null };
}

function isDifference({ code }: Finding): boolean {
  return code === 'DIFFERS_FROM_SOURCE';
}

function positionOf(index: number, columns: number, groupSize: number | null): TensorPosition {
  const group = groupSize === null ? null : Math.floor(index / groupSize);
  return { row: Math.floor(index / columns), column: index % columns, group };
}

function words({ row, column, group }: TensorPosition): string {
  return group === null ? `row ${row}, column ${column}` : `group ${group} (row ${row}, column ${column})`;
}
