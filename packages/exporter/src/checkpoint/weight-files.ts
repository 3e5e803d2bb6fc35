// Names of the files that hold a checkpoint's weights.

/** The list of shards. */
export const INDEX_FILE = 'model.safetensors.index.json';
/** All weights in one. */
export const SINGLE_FILE = 'model.safetensors';
