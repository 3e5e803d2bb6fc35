// A model's name: ORG/NAME, with a variant after a colon and a revision after an at sign.
//
//   meta-llama/Llama-3.2-1B-Instruct
//   meta-llama/Llama-3.2-1B-Instruct:q8@main
//   hf.co/meta-llama/Llama-3.2-1B-Instruct:q8        as in an address

import { checkVariant, DEFAULT_VARIANT, type VariantName } from './variants.js';

/** The revision of a name that has none. */
export const DEFAULT_REVISION = 'main';

/** A repository of the hub, as one file is made of it. */
export interface RepositoryName {
  /** `ORG/NAME`. */
  readonly repo: string;
  readonly variant: VariantName;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const ADDRESS = /^(?:hf:\/\/(?:models\/)?|(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/)/i;
/** A revision never holds a colon, so that either order can be read. @see git-check-ref-format(1) */
const NAME = /^([\w.-]+\/[\w.-]+)(?::([\w.-]+))?(?:@([^\s:@]+))?$/;
const REVISION_FIRST = /^([\w.-]+\/[\w.-]+)@([^\s:@]+):([\w.-]+)$/;
/** Endings of file names, as far as they name models: such a name is a path. */
const FILE_NAME = /\.(?:bin|gguf|safetensors|pth?|json|txt|zip)$/i;

/**
 * Reads a name; null for one of another form, such as a path.
 *
 * @throws ToolkitError `USAGE` for a variant that there is not
 */
export function parseModelName(name: string): RepositoryName | null {
  const text = isAddress(name) ? name.trim().replace(ADDRESS, '').replace(/\/+$/, '') : name;
  const swapped = REVISION_FIRST.exec(text);
  const [, repo = '', word, revision] = swapped ? [0, swapped[1], swapped[3], swapped[2]] : (NAME.exec(text) ?? []);
  if (!isRepository(String(repo))) return null;
  return {
    repo: String(repo),
    variant: word === undefined ? DEFAULT_VARIANT : checkVariant(name, String(word)),
    revision: revision === undefined ? DEFAULT_REVISION : String(revision),
  };
}

/** Whether a name has the form of an address, which is no path of a folder here. */
export function isAddress(name: string): boolean {
  return ADDRESS.test(name.trim());
}

/** The name as `list` shows it; typed, it means the same again. */
export function modelNameText({ repo, variant, revision }: RepositoryName): string {
  return `${repo}:${variant}${revision === DEFAULT_REVISION ? '' : `@${revision}`}`;
}

/** The hub's own rule for ids is checked before a request; this one tells ids from paths. */
function isRepository(repo: string): boolean {
  return repo.split('/').every((part) => /^\w/.test(part) && /\w$/.test(part)) && !FILE_NAME.test(repo);
}
