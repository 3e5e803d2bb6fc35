// Guesses which unquantized, unmerged model a checkpoint was made from, by its name and its files.

import { isObject, type JsonObject } from '@llama-ts/base';
import { hasFileEnding, looksLikeRepository } from './hub-address.js';

/** Known facts of a checkpoint. */
export interface ModelTraces {
  /** Folder or repository. */
  readonly name: string;
  readonly config?: JsonObject | null | undefined;
  /** Text of its README.md, whose first lines may name a base model. */
  readonly readme?: string | undefined;
}

const LLAMA_NAME = /(?:Meta-)?Llama-3(?:\.\d)?-\d+B(?:-Instruct)?(?![\w])/i;

/** A repository id; null if no file names one. */
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

/** Whether an id ends like `…-GGUF`, `…-4bit`, `…-AWQ`: a quantized copy of a model. */
function isQuantizedName(id: string): boolean {
  return hasFileEnding(id) || /-(?:gguf|mlx|awq|gptq|bnb|exl[23]|fp8|int[48]|\d+-?bits?)(?:-|$)/i.test(id);
}

function frontMatter(readme: string): string {
  return /^---\r?\n(.*?)\r?\n---/s.exec(readme)?.[1]?.replaceAll('\r', '') ?? '';
}
