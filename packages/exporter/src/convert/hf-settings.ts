// config.json, generation_config.json and tokenizer_config.json of a Hugging Face folder.

import type { JsonObject } from '@llama-ts/base';
import type { TokenizerData } from '@llama-ts/format';
import type { CompleteFacts } from '../source/model-source.js';
import { mainEndToken } from './end-token.js';
import type { FloatType } from './weight-types.js';

const dtypeNames: Readonly<Record<FloatType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** config.json. RoPE settings are in the layout that every version of transformers and vLLM reads. */
export function hfConfig({ dimensions, settings }: CompleteFacts, type: FloatType): JsonObject {
  const { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen, sharedClassifier } = dimensions;
  const { ropeTheta, ropeScaling, normEpsilon, bosId } = settings;
  return {
    architectures: ['LlamaForCausalLM'],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: bosId,
    eos_token_id: endTokens(settings.eosIds),
    head_dim: dim / nHeads,
    hidden_act: 'silu',
    hidden_size: dim,
    intermediate_size: hiddenDim,
    max_position_embeddings: maxSeqLen,
    mlp_bias: false,
    model_type: 'llama',
    num_attention_heads: nHeads,
    num_hidden_layers: nLayers,
    num_key_value_heads: nKvHeads,
    rms_norm_eps: normEpsilon,
    rope_scaling: ropeScaling && {
      factor: ropeScaling.factor,
      high_freq_factor: ropeScaling.highFreqFactor,
      low_freq_factor: ropeScaling.lowFreqFactor,
      original_max_position_embeddings: ropeScaling.originalMaxPositionEmbeddings,
      rope_type: 'llama3',
    },
    rope_theta: ropeTheta,
    tie_word_embeddings: sharedClassifier,
    torch_dtype: dtypeNames[type],
    use_cache: true,
    vocab_size: vocabSize,
  };
}

/** generation_config.json: what the model names, and nothing else. */
export function hfGenerationConfig({ settings, generation }: CompleteFacts): JsonObject {
  const fields = {
    bos_token_id: settings.bosId,
    eos_token_id: endTokens(settings.eosIds),
    do_sample: generation.doSample,
    temperature: generation.temperature,
    top_p: generation.topP,
    top_k: generation.topK,
    repetition_penalty: generation.repetitionPenalty,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** tokenizer_config.json, with the chat templates. */
export function hfTokenizerConfig(model: CompleteFacts, tokenizer: TokenizerData) {
  const { dimensions, settings, templateTokens = {} } = model;
  const nameOf = (id: number | null): string | null =>
    tokenizer.specialTokens.find((special) => special.id === id)?.name ?? null;
  const fields = {
    bos_token: nameOf(settings.bosId),
    eos_token: nameOf(mainEndToken(settings, tokenizer)),
    ...templateTokens,
    clean_up_tokenization_spaces: false,
    model_input_names: ['input_ids', 'attention_mask'],
    model_max_length: dimensions.maxSeqLen,
    tokenizer_class: 'PreTrainedTokenizerFast',
    chat_template: hfChatTemplates(model),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** One template, or a list of them with names, which every version of transformers reads. */
function hfChatTemplates({ chatTemplate, namedTemplates = {} }: CompleteFacts) {
  const named = Object.entries(namedTemplates).map(([name, template]) => ({ name, template }));
  if (named.length === 0) return chatTemplate;
  return chatTemplate === null ? named : [{ name: 'default', template: chatTemplate }, ...named];
}

/** End tokens in the form of checkpoints: an id alone, or a list of several. */
function endTokens(ids: readonly number[]): number | readonly number[] | null {
  return ids.length > 1 ? ids : (ids[0] ?? null);
}
