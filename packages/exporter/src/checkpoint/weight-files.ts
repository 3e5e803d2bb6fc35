// Names of the files that hold a checkpoint's weights.

/** The list of shards. */
export const INDEX_FILE = 'model.safetensors.index.json';
/** All weights in one. */
export const SINGLE_FILE = 'model.safetensors';
/** The list of shards that torch.save wrote. */
export const PYTORCH_INDEX_FILE = 'pytorch_model.bin.index.json';
/** All weights in one, that torch.save wrote. */
export const PYTORCH_FILE = 'pytorch_model.bin';

/** A format of weights: its names, which transformers looks for. */
export interface WeightFileNames {
  readonly single: string;
  readonly index: string;
  /** Matches every file of it. */
  readonly pattern: string;
  /** Matches a shard: its number and how many there are. */
  readonly shard: RegExp;
}

export const safetensorsFiles: WeightFileNames = {
  single: SINGLE_FILE,
  index: INDEX_FILE,
  pattern: 'model*.safetensors',
  shard: /^model-(\d{5})-of-(\d{5})\.safetensors$/,
};

export const pytorchFiles: WeightFileNames = {
  single: PYTORCH_FILE,
  index: PYTORCH_INDEX_FILE,
  pattern: 'pytorch_model*.bin',
  shard: /^pytorch_model-(\d{5})-of-(\d{5})\.bin$/,
};

/** The format that is read where several are there, as transformers does; null for names of none. */
export function weightFilesOf(names: Iterable<string>): WeightFileNames | null {
  const all = new Set(names);
  return [safetensorsFiles, pytorchFiles].find(({ single, index }) => all.has(single) || all.has(index)) ?? null;
}
