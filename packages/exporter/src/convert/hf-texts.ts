// The JSON files of a Hugging Face folder.

import type { CompleteFacts } from '../source/model-source.js';
import { hfConfig, hfGenerationConfig, hfTokenizerConfig } from './hf-settings.js';
import { type Shard, shardIndex } from './hf-shards.js';
import { hfTokenizerJson } from './hf-tokenizer-json.js';
import type { FloatType } from './weight-types.js';

/** A file and its content. */
export interface HfText {
  readonly name: string;
  /** Makes the bytes, some 20 MB of them for a tokenizer. */
  bytes(): Uint8Array;
}

/** The files besides the weights, config.json last. */
export function hfTexts(model: CompleteFacts, shards: readonly Shard[], type: FloatType): readonly HfText[] {
  const { settings, tokenizer } = model;
  const text = (name: string, content: () => object): HfText => ({ name, bytes: () => jsonBytes(content()) });
  return [
    ...(shards.length > 1 ? [text('model.safetensors.index.json', () => shardIndex(shards, type))] : []),
    ...(tokenizer === null
      ? []
      : [
          text('tokenizer.json', () => hfTokenizerJson(tokenizer, settings)),
          text('tokenizer_config.json', () => hfTokenizerConfig(model, tokenizer)),
        ]),
    text('generation_config.json', () => hfGenerationConfig(model)),
    text('config.json', () => hfConfig(model, type)),
  ];
}

function jsonBytes(content: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}
