// Guesses which unquantized, unmerged model a checkpoint was made from, by what its files say of it.

import { isObject, type JsonObject } from '../json-fields.js';
import { hasFileEnding, looksLikeRepository } from './hub-address.js';

/** What is known of a checkpoint. */
export interface ModelTraces {
  /** Folder or repository. */
  readonly name: string;
  readonly config?: JsonObject | null | undefined;
  /** Text of its README.md, whose first lines may name a base model. */
  readonly readme?: string | undefined;
}

const LLAMA_NAME = /(?:Meta-)?Llama-3(?:\.\d)?-\d+B(?:-Instruct)?(?![\w])/i;

/** A repository id, or null where nothing tells. */
export function originalModel({ name, config, readme = '' }: ModelTraces): string | null {
  const [, base] = /^base_model:\s*(?:\n\s*-\s*)?["']?([\w.-]+\/[\w.-]+)/m.exec(frontMatter(readme)) ?? [];
  const nameOrPath = isObject(config) ? config._name_or_path : undefined;
  for (const candidate of [base, nameOrPath]) {
    if (typeof candidate === 'string' && looksLikeRepository(candidate) && !isQuantizedName(candidate))
      return candidate;
  }
  const [llama] = LLAMA_NAME.exec(name) ?? [];
  return llama === undefined ? null : `meta-llama/${llama}`;
}

/** `…-GGUF`, `…-4bit`, `…-AWQ`: the same model once more. */
function isQuantizedName(id: string): boolean {
  return hasFileEnding(id) || /-(?:gguf|mlx|awq|gptq|bnb|exl[23]|fp8|int[48]|\d+-?bits?)(?:-|$)/i.test(id);
}

function frontMatter(readme: string): string {
  return /^---\r?\n(.*?)\r?\n---/s.exec(readme)?.[1]?.replaceAll('\r', '') ?? '';
}
