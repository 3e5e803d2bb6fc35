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

/** Bytes handed to the system in one write: large enough to be fast, small enough to cancel soon. */
export const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;
