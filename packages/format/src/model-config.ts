// The configuration of a model: the dimensions of its header, and what a forward pass and a chat need besides.

/** The dimensions in the header of every .bin version. */
export interface ModelDimensions {
  /** Width of the residual stream. */
  readonly dim: number;
  /** Width of the feed-forward layer. */
  readonly hiddenDim: number;
  /** Transformer layers. */
  readonly nLayers: number;
  /** Query heads of a layer. */
  readonly nHeads: number;
  /** Key/value heads of a layer: a divisor of `nHeads`. */
  readonly nKvHeads: number;
  /** Rows of the embedding: ids are below it. */
  readonly vocabSize: number;
  /** Positions the model was made for. */
  readonly maxSeqLen: number;
  /** The classifier is the embedding table. */
  readonly sharedClassifier: boolean;
}

/** Frequency scaling of Llama 3.1 and later. @see transformers, `_compute_llama3_parameters` */
export interface Llama3RopeScaling {
  /** Low frequencies are divided by it. */
  readonly factor: number;
  /** A frequency is low if it turns fewer times than this over the original positions. */
  readonly lowFreqFactor: number;
  /** A frequency is high, and stays as it is, if it turns more times than this over the original positions. */
  readonly highFreqFactor: number;
  /** Positions that the model was made for before frequencies were scaled. */
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
  /** Base of RoPE's frequencies. */
  readonly ropeTheta: number;
  /** null: RoPE is not scaled. */
  readonly ropeScaling: Llama3RopeScaling | null;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
}

/** Ids that begin and end a sequence. */
export interface BoundaryTokens {
  /** Id of the begin-of-text token; null for a model without one. */
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
  /** Id of the end token. */
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
  /** Logits are divided by it; 0 chooses the most probable token. */
  readonly temperature: number | null;
  /** Probability that the tokens to choose from have together, 0 to 1. */
  readonly topP: number | null;
  /** How many of the most probable tokens are chosen from; 0 for all. */
  readonly topK: number | null;
  /** Makes tokens of the text so far less probable if it is over 1; 1 changes nothing. */
  readonly repetitionPenalty: number | null;
}
