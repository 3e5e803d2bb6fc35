// How the weights of one tensor are stored: the only place that knows how many bytes values and scales take.

/** float32 values, row-major. */
export interface Float32Encoding {
  readonly id: 'F32';
  readonly isQuantized: false;
}

/** All int8 values, row-major, then one float32 scale per group; weight = value * scale of its group. */
export interface Q8Encoding {
  readonly id: 'Q8_0';
  readonly isQuantized: true;
  /** Consecutive weights of a row that share a scale. */
  readonly groupSize: number;
}

/** How the weights of a tensor are stored. */
export type WeightEncoding = Float32Encoding | Q8Encoding;

/** Names of the encodings, as headers, results and messages have them. */
export type EncodingId = WeightEncoding['id'];

export const float32Encoding: Float32Encoding = { id: 'F32', isQuantized: false };

/** @param groupSize consecutive weights of a row that share a scale */
export function q8Encoding(groupSize: number): Q8Encoding {
  return { id: 'Q8_0', isQuantized: true, groupSize };
}

/** The encoding of a file's matrices; vectors are float32 always. @param groupSize of the file's header */
export function matrixEncoding(groupSize: number | null): WeightEncoding {
  return groupSize === null ? float32Encoding : q8Encoding(groupSize);
}

/** Bytes of the values of `n` weights. */
export function valueBytes(encoding: WeightEncoding, n: number): number {
  switch (encoding.id) {
    case 'F32':
      return 4 * n;
    case 'Q8_0':
      return n;
  }
}

/** Scales of `n` weights, which are whole groups; 0 without scales. */
export function scaleCount(encoding: WeightEncoding, n: number): number {
  return encoding.isQuantized ? n / encoding.groupSize : 0;
}

/** Bytes of the scales of `n` weights, which are whole groups; 0 without scales. */
export function scaleBytes(encoding: WeightEncoding, n: number): number {
  return 4 * scaleCount(encoding, n);
}
