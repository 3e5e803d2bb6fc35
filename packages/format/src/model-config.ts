// The configuration of a model: the dimensions of its header, and what a forward pass and a chat need besides.

/** The dimensions in the header of every .bin version. */
export interface ModelDimensions {
  /** Width of the residual stream. */
  readonly dim: number;
  /** Width of the feed-forward layer. */
  readonly hiddenDim: number;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly vocabSize: number;
  /** Positions the model was made for. */
  readonly maxSeqLen: number;
  /** The classifier is the embedding table. */
  readonly sharedClassifier: boolean;
}

/** Frequency scaling of Llama 3.1 and later. @see transformers, `_compute_llama3_parameters` */
export interface Llama3RopeScaling {
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalMaxPositionEmbeddings: number;
}

/** The scaling of every Llama 3.2 model. @see its config.json, rope_scaling */
export const llama32RopeScaling: Llama3RopeScaling = {
  factor: 32,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 8192,
};

/** Settings of the forward pass that no header field holds. */
export interface ForwardSettings {
  readonly ropeTheta: number;
  /** null: RoPE is not scaled. */
  readonly ropeScaling: Llama3RopeScaling | null;
  readonly normEpsilon: number;
}

/** Ids that begin and end a sequence. */
export interface BoundaryTokens {
  readonly bosId: number | null;
  /** Every id that ends generation. */
  readonly eosIds: readonly number[];
  /** Ids that the tokenizer puts before a text. Default the begin-of-text token, if there is one. */
  readonly prefixIds?: readonly number[] | undefined;
  /** Ids that the tokenizer puts after a text, but not after a prompt, which is continued. Default none. */
  readonly suffixIds?: readonly number[] | undefined;
}

/** Which files of a checkpoint name an end token. */
export interface EndTokenSource {
  readonly id: number;
  /** Names of files; `chat template` where its answers end with the token. */
  readonly sources: readonly string[];
}

/** The ids that the tokenizer puts before a text. */
export function promptPrefix({ bosId, prefixIds }: BoundaryTokens): readonly number[] {
  return prefixIds ?? (bosId === null ? [] : [bosId]);
}

/** Settings generation starts from; null where the model names none. */
export interface GenerationDefaults {
  readonly doSample: boolean | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly repetitionPenalty: number | null;
}
