// A v3 file with the 4-bit weights that llama.cpp's own quantizer makes of the same floats, taken over block by block.

import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesSource, sha256 } from '@llama-ts/base';
import {
  type BinHeader,
  type BinTensor,
  encodeHeader,
  encodeTrailer,
  layout,
  q4Encoding,
  readBinFile,
} from '@llama-ts/format';

/** @see ggml-common.h, kvalues_iq4nl */
const IQ4_NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const BLOCK_BYTES = 18;
const GROUP = 32;
const PANEL_ROWS = 16;
const LIBRARY = 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so';
const program = fileURLToPath(new URL('ggml-quantize.py', import.meta.url));

/** Files of one model. */
export interface PeerFileOptions {
  /** v1: the floats. */
  readonly floats: string;
  /** v3: its other tensors are taken as they are. */
  readonly own: string;
  readonly output: string;
  /** Folder where node-llama-cpp is installed. */
  readonly nodeLlamaCpp: string;
}

/** Writes the file: IQ4_NL in every tensor that has 4 bits in `own`. Needs python3. */
export async function writePeerFile({ floats, own, output, nodeLlamaCpp }: PeerFileOptions): Promise<void> {
  const [v1, v3] = [await readFile(floats), new Uint8Array(await readFile(own))];
  const originals = layout((await readBinFile(bytesSource(new Uint8Array(v1), floats))).header).tensors;
  const bin = await readBinFile(bytesSource(v3, own));
  if (bin.header.version !== 3 || bin.trailer === null) throw new Error(`${own}: expected a v3 file with a trailer`);
  const encodings = bin.layout.tensors.map(({ encoding }) => (encoding.id === 'Q4' ? q4Encoding(IQ4_NL) : encoding));
  const header: BinHeader = { ...bin.header, encodings };
  const { tensors, weightsEnd } = layout(header);
  const bytes = v3.slice(0, weightsEnd);
  bytes.set(encodeHeader(header));
  for (const [i, tensor] of tensors.entries()) {
    if (tensor.encoding.id !== 'Q4') continue;
    const { byteOffset, nValues } = originals[i]!;
    const columns = tensor.shape[1]!;
    const blocks = quantizeByGgml(v1.subarray(byteOffset, byteOffset + 4 * nValues), columns, nodeLlamaCpp);
    storeBlocks(bytes.subarray(tensor.byteOffset, tensor.byteOffset + tensor.byteLength), tensor, blocks);
  }
  const checksums = {
    header: sha256(encodeHeader(header)),
    tensors: tensors.map(({ byteOffset, byteLength }) => sha256(bytes.subarray(byteOffset, byteOffset + byteLength))),
  };
  const trailer = encodeTrailer({ ...bin.trailer, checksums }, weightsEnd);
  await writeFile(output, Buffer.concat([bytes, trailer]));
}

/** (rows, columns / 32) blocks of 18 bytes: a float16 scale and 16 pairs of indices. */
export function quantizeByGgml(floats: Uint8Array, columns: number, nodeLlamaCpp: string): Uint8Array {
  const args = [program, join(nodeLlamaCpp, LIBRARY), String(columns)];
  const { status, stdout, stderr } = spawnSync('python3', args, { input: floats, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** Puts blocks where a panel has them: all scales of its sixteen rows, then four columns of each row in turn. */
function storeBlocks(into: Uint8Array, { shape }: BinTensor, blocks: Uint8Array): void {
  const [rows, columns] = shape as [number, number];
  const groups = columns / GROUP;
  const scaleBytes = Math.ceil((groups * PANEL_ROWS * 2) / 64) * 64;
  const panelBytes = scaleBytes + groups * PANEL_ROWS * (BLOCK_BYTES - 2);
  into.fill(0);
  for (let row = 0; row < rows; row++) {
    const [panel, lane] = [Math.floor(row / PANEL_ROWS) * panelBytes, row % PANEL_ROWS];
    for (let group = 0; group < groups; group++) {
      const block = blocks.subarray((row * groups + group) * BLOCK_BYTES, (row * groups + group + 1) * BLOCK_BYTES);
      into.set(block.subarray(0, 2), panel + 2 * (group * PANEL_ROWS + lane));
      const values = panel + scaleBytes + group * PANEL_ROWS * (BLOCK_BYTES - 2);
      for (let i = 0; i < 16; i += 4) into.set(block.subarray(2 + i, 6 + i), values + 16 * i + 4 * lane);
    }
  }
}
