// Every limit of the package in one place, each with its reason.

/** Largest header in bytes: the reference implementation's own cap. */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * Most tensors in a file, or in all shards of a folder. The largest public checkpoints (mixtures of several hundred
 * experts with scales) hold under 200,000 over all their shards. An entry costs about 250 bytes here, or 800 at
 * {@link MAX_DIMENSIONS}: a hostile header cannot make the reader hold more than about 200 MB besides its own bytes.
 */
export const MAX_TENSORS = 250_000;

/** Most dimensions of a tensor: NumPy's limit, the largest of any library that reads these files. */
export const MAX_DIMENSIONS = 64;

/** Most entries of `__metadata__`: real files hold fewer than a hundred; this bounds the memory of a hostile one. */
export const MAX_METADATA_ENTRIES = 100_000;

/** Most fields of one tensor entry: three are defined, the others are skipped, but duplicates among them are refused. */
export const MAX_TENSOR_FIELDS = 256;

/** Deepest nesting of arrays and objects in JSON: that of the reference implementation's parser. */
export const MAX_JSON_DEPTH = 128;

/** Most shards of an index: fifty times the largest public checkpoint. All of them are open at once. */
export const MAX_SHARDS = 10_000;
