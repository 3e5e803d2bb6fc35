// A plain v1 file of zeros: as large as is asked for, and of no size on the disk.

import { open } from 'node:fs/promises';

/** Sizes of a {@link writeSparseModel}. */
export interface SparseSizes {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  /** Positions at most. */
  readonly context: number;
}

/** Tokens of the bundled sample model. */
const VOCAB_SIZE = 1329;
const HEADER_BYTES = 256;

/** Writes the file; its classifier is the embedding. */
export async function writeSparseModel(file: string, sizes: SparseSizes): Promise<void> {
  const { dim, hiddenDim, nLayers, nHeads, nKvHeads, context } = sizes;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(0x616b3432, 0);
  header.writeInt32LE(1, 4);
  [dim, hiddenDim, nLayers, nHeads, nKvHeads, VOCAB_SIZE, context].forEach((value, i) => {
    header.writeInt32LE(value, 8 + 4 * i);
  });
  header[36] = 1;
  const kvDim = (dim / nHeads) * nKvHeads;
  const nInLayer = 2 * dim + 2 * dim * dim + 2 * dim * kvDim + 3 * dim * hiddenDim;
  const handle = await open(file, 'w');
  await handle.write(header);
  await handle.truncate(HEADER_BYTES + 4 * (nLayers * nInLayer + dim + VOCAB_SIZE * dim));
  await handle.close();
}
