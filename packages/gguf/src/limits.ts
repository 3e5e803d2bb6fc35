// Every limit of the package in one place, each with its reason.

/** Tensor data begins at multiples of this, in bytes: the format's default, which readers assume without a key. */
export const ALIGNMENT_BYTES = 32;

/** Most dimensions of a tensor: GGML_MAX_DIMS, and a reader refuses more. */
export const MAX_DIMENSIONS = 4;

/** Longest tensor name in bytes: GGML_MAX_NAME is 64 and counts the terminating zero. */
export const MAX_NAME_BYTES = 63;

/** Longest metadata key in bytes, set by the format. */
export const MAX_KEY_BYTES = 65_535;

/** Deepest nesting of metadata arrays: files in use nest none; this bounds the recursion. */
export const MAX_ARRAY_DEPTH = 8;

/** Largest header in bytes. A vocabulary of 256,000 tokens with its merges takes about 20 MB. */
export const MAX_HEADER_BYTES = 1_000_000_000;

/** Largest header that is read, in bytes: ten times that of the largest vocabulary in use. */
export const MAX_READ_HEADER_BYTES = 200_000_000;

/** Most tensors of a file: a model of 405 billion parameters has 1,138, one of several hundred experts under 10,000. */
export const MAX_TENSORS = 100_000;

/** Most metadata entries of a file: files in use have under 100. */
export const MAX_METADATA_ENTRIES = 10_000;

/** Most values of an array of true and false: files in use have one a layer. Each takes 8 bytes of memory once it is read. */
export const MAX_READ_BOOLS = 100_000;

/** Most strings of an array: several times the merges of the largest vocabulary in use. Each takes a step to be found. */
export const MAX_READ_STRINGS = 4_000_000;

/** Largest alignment that is read, in bytes: a page of memory on any machine. */
export const MAX_ALIGNMENT_BYTES = 65_536;

/** Most files that a model is split into: twice those of the largest public one. All of them are open at once. */
export const MAX_SPLIT_FILES = 1_000;
