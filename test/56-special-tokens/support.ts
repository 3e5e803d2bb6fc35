// Small models of byte tokens and whatever added tokens a test wants.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import type { Model, OpenModelOptions } from '@llama-ts/runtime';
import { openModel } from '@llama-ts/runtime';
import { drain } from '../40-exporter/support.js';
import { writeTinyModel } from '../46-convert/support.js';
import { readJson, sampleFile } from '../helpers/tokenizers.js';

/** An entry of `added_tokens`. */
export interface AddedJson {
  readonly content: string;
  readonly special?: boolean;
  readonly [flag: string]: unknown;
}

/** What a test's model is made of. */
export interface SmallModel {
  /** Ids count from 256. */
  readonly added: readonly AddedJson[];
  readonly vocabSize?: number;
  readonly config?: Record<string, unknown>;
  readonly generationConfig?: Record<string, unknown>;
  readonly tokenizerConfig?: Record<string, unknown>;
  /** Fields of tokenizer.json that are not the usual ones. */
  readonly tokenizer?: Record<string, unknown>;
}

/** Ids of {@link SPECIALS}. */
export const [BOS, EOS, HEAD, HEAD_END, EOT] = [256, 257, 258, 259, 260] as const;
export const SPECIALS: readonly AddedJson[] = [
  '<|begin_of_text|>',
  '<|end_of_text|>',
  '<|start_header_id|>',
  '<|end_header_id|>',
  '<|eot_id|>',
].map((content) => ({ content, special: true }));

export const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content + " +
  "'<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

/** TemplateProcessing that puts ids around a text. */
export function processor(before: readonly string[], after: readonly string[] = []): object {
  const ids = new Map(SPECIALS.map(({ content }, i) => [content, 256 + i]));
  const part = (name: string) => ({ SpecialToken: { id: name, type_id: 0 } });
  const single = [...before.map(part), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(part)];
  const names = [...new Set([...before, ...after])];
  const special_tokens = Object.fromEntries(
    names.map((name) => [name, { id: name, ids: [ids.get(name)], tokens: [name] }]),
  );
  const pair = [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }];
  return { type: 'TemplateProcessing', single, pair, special_tokens };
}

/** A tokenizer.json of 256 bytes and added tokens. */
export function byteTokenizerJson({ added, tokenizer = {} }: SmallModel): Record<string, unknown> {
  const base = readJson<{ model: { vocab: Record<string, number> } }>(sampleFile('tokenizer.json'));
  const vocab = Object.fromEntries(Object.entries(base.model.vocab).filter(([, id]) => id < 256));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  return {
    ...base,
    post_processor: processor(['<|begin_of_text|>']),
    model: { ...base.model, vocab, merges: [] },
    added_tokens: added.map((token, i) => ({ id: 256 + i, ...flags, ...token })),
    ...tokenizer,
  };
}

/** Writes the model's folder. */
export async function writeSmallModel(folder: string, model: SmallModel): Promise<void> {
  const { added, vocabSize = 256 + added.length, config = {}, generationConfig, tokenizerConfig } = model;
  await writeTinyModel(folder, vocabSize, { bos_token_id: BOS, eos_token_id: EOS, ...config });
  const files = {
    'tokenizer.json': byteTokenizerJson(model),
    'tokenizer_config.json': tokenizerConfig,
    'generation_config.json': generationConfig,
  };
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) await writeFile(join(folder, name), JSON.stringify(content));
  }
}

/** Exports the model in a folder and opens the file. */
export async function openSmallModel(
  folder: string,
  model: SmallModel,
  options: OpenModelOptions = {},
): Promise<Model> {
  await writeSmallModel(folder, model);
  const output = join(folder, 'model.bin');
  await drain(exportModel({ source: folder, output, force: true }));
  return openModel(output, { backend: 'reference', ...options });
}
