// Every limit of the package in one place, each with its reason.

/** Largest central directory of an archive in bytes: that of 200,000 entries with names of 100 characters. */
export const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;

/** Most entries of an archive: one a storage, and a handful besides. As many as a folder of safetensors may hold tensors. */
export const MAX_ENTRIES = 250_000;

/** Longest name of an entry in bytes. torch.save takes the file's name and at most `/data/250000`. */
export const MAX_ENTRY_NAME_BYTES = 1024;

/**
 * Largest data.pkl in bytes. A tensor takes about 200: 405B parameters take 230 kB, a training checkpoint three times that.
 * With the limits below it bounds the memory of a hostile pickle to about 200 MB.
 */
export const MAX_PICKLE_BYTES = 8 * 1024 * 1024;

/** Most values on the stack. torch.save stores a dict's entries 1,000 at a time, two values each. */
export const MAX_STACK = 16_384;

/** Most marks on the stack, which is how deeply the pickle nests what it has not finished. */
export const MAX_MARKS = 64;

/** Deepest nesting of finished tuples, lists and dicts. A training checkpoint takes six. */
export const MAX_DEPTH = 32;

/** Most memoized values; protocol 2 memoizes nearly every one. A tensor takes eight. */
export const MAX_MEMO = 400_000;

/** Most tuples, lists and dicts. A tensor takes five. */
export const MAX_CONTAINERS = 250_000;

/** Longest text in bytes. Names of tensors take a hundred; settings of a training run hold paths. */
export const MAX_TEXT_BYTES = 65_536;

/** Longest name of a module or class in bytes. */
export const MAX_GLOBAL_BYTES = 256;

/** Most tensors, with those of an optimizer. */
export const MAX_TENSORS = 50_000;

/** Most dimensions of a tensor: PyTorch's own limit for most of its kernels. */
export const MAX_DIMENSIONS = 64;
