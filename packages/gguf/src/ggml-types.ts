// Every tensor type of ggml that a file may hold: its number, and how many bytes a block of it takes.

/** Number and block of a type. */
export interface TypeLayout {
  /** The number of the type in ggml's `enum ggml_type`. */
  readonly id: number;
  /** Values per block; the innermost dimension is a multiple of it. */
  readonly blockValues: number;
  /** Bytes of a block, scales included. */
  readonly blockBytes: number;
}

const plain = (id: number, blockBytes: number): TypeLayout => ({ id, blockValues: 1, blockBytes });
const small = (id: number, blockBytes: number): TypeLayout => ({ id, blockValues: 32, blockBytes });
const large = (id: number, blockBytes: number): TypeLayout => ({ id, blockValues: 256, blockBytes });

/**
 * Types that writers write or wrote; numbers that ggml has taken back are not among them.
 *
 * @see ggml/include/ggml.h, enum ggml_type, and the sizes of the blocks in ggml/src/ggml-common.h
 */
export const ggmlTypes = {
  F32: plain(0, 4),
  F16: plain(1, 2),
  Q4_0: small(2, 18),
  Q4_1: small(3, 20),
  Q5_0: small(6, 22),
  Q5_1: small(7, 24),
  Q8_0: small(8, 34),
  Q8_1: small(9, 36),
  Q2_K: large(10, 84),
  Q3_K: large(11, 110),
  Q4_K: large(12, 144),
  Q5_K: large(13, 176),
  Q6_K: large(14, 210),
  Q8_K: large(15, 292),
  IQ2_XXS: large(16, 66),
  IQ2_XS: large(17, 74),
  IQ3_XXS: large(18, 98),
  IQ1_S: large(19, 50),
  IQ4_NL: small(20, 18),
  IQ3_S: large(21, 110),
  IQ2_S: large(22, 82),
  IQ4_XS: large(23, 136),
  I8: plain(24, 1),
  I16: plain(25, 2),
  I32: plain(26, 4),
  I64: plain(27, 8),
  F64: plain(28, 8),
  IQ1_M: large(29, 56),
  BF16: plain(30, 2),
  TQ1_0: large(34, 54),
  TQ2_0: large(35, 66),
  MXFP4: small(39, 17),
} as const satisfies Readonly<Record<string, TypeLayout>>;

/** A tensor type that a file may hold. */
export type GgmlType = keyof typeof ggmlTypes;

const typesById = new Map(Object.entries(ggmlTypes).map(([name, { id }]) => [id, name as GgmlType]));

/** The type with a number; null for numbers that are not known. */
export function ggmlTypeOf(id: number): GgmlType | null {
  return typesById.get(id) ?? null;
}

/** Bytes of `nValues` values, which are whole blocks; NaN where they are not. */
export function ggmlByteLength(type: GgmlType, nValues: number): number {
  const { blockValues, blockBytes } = ggmlTypes[type];
  return nValues % blockValues === 0 ? (nValues / blockValues) * blockBytes : Number.NaN;
}
