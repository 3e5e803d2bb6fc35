// Bounds on what a header may ask for, so that a damaged or hostile one is refused before anything is allocated by it.

/** Largest width of a layer; the widest Llama 3 (405B) has 53,248 hidden units. */
export const MAX_DIM = 1 << 18;

/** Most layers; Llama 3.1 405B has 126. */
export const MAX_LAYERS = 1024;

/** Most attention heads; Llama 3.1 405B has 128. */
export const MAX_HEADS = 4096;

/** Most tokens in a vocabulary; Llama 3 has 128,256. */
export const MAX_VOCAB_SIZE = 1 << 22;

/** Most positions; Llama 3.2 has 131,072. */
export const MAX_SEQ_LEN = 1 << 24;

/** Largest quantization group: the integer sum of a group (1,024 × 127²) stays exact in float32. */
export const MAX_GROUP_SIZE = 1024;

/** Largest trailer; the real one of Llama 3.2 1B takes under 8 MiB. */
export const MAX_TRAILER_BYTES = 64 * 1024 * 1024;

/** Longest token in a tokenizer file; the longest of Llama 3 has 128 bytes. */
export const MAX_TOKEN_BYTES = 64 * 1024;
