// Rows of a model in Meta's files. They are in the order of a .bin file already; those of several files are put together.

import { equalBytes } from '@llama-ts/base';
import { type BinTensor, columnsOf, rowsOf } from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import { openShardPass } from '../checkpoint/shard-pass.js';
import type { TensorPass } from '../checkpoint/weight-stream.js';
import { NOTHING_LEFT, type RowsRead, type WeightPass, type WeightRows } from '../weights/weight-rows.js';
import type { JoinedTensor, MetaShard } from './join-shards.js';

/** Bytes compared at once. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** The tensors of a model, and the files that they are in. */
export interface JoinedTensors {
  readonly shards: readonly MetaShard[];
  readonly joined: ReadonlyMap<string, JoinedTensor>;
  /** Name in messages. */
  readonly name: string;
}

/** Reads bytes of the part that a file holds of a tensor, from `start` on, until `into` is full. */
type ReadPart = (
  shard: number,
  tensor: string,
  start: number,
  into: Uint8Array,
  signal: AbortSignal | undefined,
) => Promise<RowsRead>;

/** Rows of any tensor, in any order. */
export function joinedRows(tensors: JoinedTensors): WeightRows {
  return rowsBy(tensors, async (shard, tensor, start, into, signal) => {
    const { file, tensors: names } = tensors.shards[shard]!;
    await file.read(names.get(tensor)!.name, { start, end: start + into.byteLength, into, signal });
    return NOTHING_LEFT;
  });
}

/** One reading of all rows, each file from front to back. */
export function joinedPass(tensors: JoinedTensors, isHashed: (path: string) => boolean): WeightPass {
  const passes = tensors.shards.map(({ path, file, tensors: names }): TensorPass => {
    const located = new Map([...names].map(([name, tensor]) => [name, { ...tensor, shard: path }]));
    return openShardPass({ files: new Map([[path, file]]), tensors: located, isHashed });
  });
  return {
    ...rowsBy(tensors, (shard, tensor, start, into, signal) => passes[shard]!.readNext(tensor, start, into, signal)),
    placeOf: (tensor) => passes[0]!.placeOf(tensor.name),
    async finish(signal) {
      const passed = [];
      for (const pass of passes) passed.push(...(await pass.finish(signal)));
      return passed;
    },
  };
}

/** Whether two tensors of one shape are equal, value for value where their types are one. */
export async function areEqual(
  rows: WeightRows,
  [first, second]: readonly [BinTensor, BinTensor],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (rows.dtypeOf(first) !== rows.dtypeOf(second)) return false;
  const rowBytes = columnsOf(first) * sourceDtypeBytes[rows.dtypeOf(first)];
  const step = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
  for (let row = 0; row < rowsOf(first); row += step) {
    const nRows = Math.min(step, rowsOf(first) - row);
    const blocks = [first, second].map(async (tensor) => {
      const bytes = new Uint8Array(nRows * rowBytes);
      await rows.readRows(tensor, row, nRows, bytes, signal);
      return bytes;
    });
    const [a, b] = await Promise.all(blocks);
    if (!equalBytes(a!, b!)) return false;
  }
  return true;
}

function rowsBy({ joined, name }: JoinedTensors, readPart: ReadPart): WeightRows {
  const find = (tensor: BinTensor): JoinedTensor => joined.get(tensor.name)!;
  return {
    name,
    dtypeOf: (tensor) => find(tensor).dtype,
    quantizationOf: () => null,
    async readRows(tensor, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const { parts, axis } = find(tensor);
      const rowBytes = columnsOf(tensor) * sourceDtypeBytes[find(tensor).dtype];
      const bytes = into.subarray(0, nRows * rowBytes);
      const block = { tensor: tensor.name, firstRow, nRows, rowBytes, bytes, nParts: parts.length, readPart, signal };
      if (axis === null) return readPart(0, tensor.name, firstRow * rowBytes, bytes, signal);
      return axis === 0 ? readRowsInTurn({ ...block, partRows: rowsOf(tensor) / parts.length }) : readColumns(block);
    },
  };
}

/** Rows that are asked for, and how to read parts of them. */
interface Block {
  readonly tensor: string;
  readonly firstRow: number;
  readonly nRows: number;
  readonly rowBytes: number;
  /** (nRows, rowBytes) */
  readonly bytes: Uint8Array;
  readonly nParts: number;
  readonly readPart: ReadPart;
  readonly signal: AbortSignal | undefined;
}

/** Rows of which each file holds some. */
async function readRowsInTurn(block: Block & { readonly partRows: number }): Promise<RowsRead> {
  const { tensor, firstRow, nRows, rowBytes, bytes, partRows, readPart, signal } = block;
  const hashed: Promise<void>[] = [];
  for (let row = firstRow; row < firstRow + nRows; ) {
    const shard = Math.floor(row / partRows);
    const end = Math.min(firstRow + nRows, (shard + 1) * partRows);
    const into = bytes.subarray((row - firstRow) * rowBytes, (end - firstRow) * rowBytes);
    hashed.push((await readPart(shard, tensor, (row - shard * partRows) * rowBytes, into, signal)).hashed);
    row = end;
  }
  return { hashed: Promise.all(hashed).then(() => undefined), stored: null };
}

/** Rows of which each file holds some columns. */
async function readColumns({
  tensor,
  firstRow,
  nRows,
  rowBytes,
  bytes,
  nParts,
  readPart,
  signal,
}: Block): Promise<RowsRead> {
  const partBytes = rowBytes / nParts;
  const hashed: Promise<void>[] = [];
  for (let shard = 0; shard < nParts; shard++) {
    const part = new Uint8Array(nRows * partBytes);
    hashed.push((await readPart(shard, tensor, firstRow * partBytes, part, signal)).hashed);
    for (let row = 0; row < nRows; row++) {
      bytes.set(part.subarray(row * partBytes, (row + 1) * partBytes), row * rowBytes + shard * partBytes);
    }
  }
  return { hashed: Promise.all(hashed).then(() => undefined), stored: null };
}
