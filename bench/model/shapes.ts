// The shapes of models that benchmarks make, and the tensors of a Hugging Face checkpoint of that shape.

/** Dimensions of a synthetic Llama model, by the names of config.json. */
export interface ModelShape {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
}

/** Llama 3.2 1B and 3B, and one small enough to try the harness itself. */
export const MODEL_SHAPES = {
  '1b': {
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 16,
    heads: 32,
    keyValueHeads: 8,
    headDim: 64,
    vocabSize: 128256,
  },
  '3b': {
    hiddenSize: 3072,
    intermediateSize: 8192,
    layers: 28,
    heads: 24,
    keyValueHeads: 8,
    headDim: 128,
    vocabSize: 128256,
  },
  tiny: {
    hiddenSize: 256,
    intermediateSize: 768,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headDim: 64,
    vocabSize: 128256,
  },
} as const satisfies Record<string, ModelShape>;

/** A name of {@link MODEL_SHAPES}. */
export type ShapeName = keyof typeof MODEL_SHAPES;

/** Whether a name is a known shape. */
export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(MODEL_SHAPES, name);
}

/** A tensor of the checkpoint. */
export interface TensorShape {
  readonly name: string;
  /** Outermost first. */
  readonly shape: readonly number[];
  /** A norm's weights lie around 1, all others around 0. */
  readonly isNorm: boolean;
}

/** All tensors: the embedding (which is the classifier too), the layers in order, the final norm. */
export function checkpointTensors(shape: ModelShape): TensorShape[] {
  const { hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDim, vocabSize } = shape;
  const matrix = (name: string, rows: number, cols: number) => ({ name, shape: [rows, cols], isNorm: false });
  const norm = (name: string) => ({ name, shape: [hiddenSize], isNorm: true });
  const tensors: TensorShape[] = [matrix('model.embed_tokens.weight', vocabSize, hiddenSize)];
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    tensors.push(
      norm(`${prefix}.input_layernorm.weight`),
      matrix(`${prefix}.self_attn.q_proj.weight`, heads * headDim, hiddenSize),
      matrix(`${prefix}.self_attn.k_proj.weight`, keyValueHeads * headDim, hiddenSize),
      matrix(`${prefix}.self_attn.v_proj.weight`, keyValueHeads * headDim, hiddenSize),
      matrix(`${prefix}.self_attn.o_proj.weight`, hiddenSize, heads * headDim),
      norm(`${prefix}.post_attention_layernorm.weight`),
      matrix(`${prefix}.mlp.gate_proj.weight`, intermediateSize, hiddenSize),
      matrix(`${prefix}.mlp.up_proj.weight`, intermediateSize, hiddenSize),
      matrix(`${prefix}.mlp.down_proj.weight`, hiddenSize, intermediateSize),
    );
  }
  tensors.push(norm('model.norm.weight'));
  return tensors;
}

/** The config.json of such a checkpoint, with the RoPE scaling of Llama 3.2. */
export function checkpointConfig(shape: ModelShape): object {
  return {
    architectures: ['LlamaForCausalLM'],
    attention_bias: false,
    bos_token_id: 128000,
    eos_token_id: [128001, 128008, 128009],
    head_dim: shape.headDim,
    hidden_act: 'silu',
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.intermediateSize,
    max_position_embeddings: 131072,
    mlp_bias: false,
    model_type: 'llama',
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.keyValueHeads,
    rms_norm_eps: 1e-5,
    rope_scaling: {
      factor: 32,
      high_freq_factor: 4,
      low_freq_factor: 1,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    },
    rope_theta: 500000,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    vocab_size: shape.vocabSize,
  };
}
