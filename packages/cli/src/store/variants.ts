// The variants of a model that the store keeps: the words after the colon in ORG/NAME:VARIANT.

import { ToolkitError } from '@llama-ts/base';
import type { BinVersion } from '@llama-ts/format';
import { retyped } from '../failure/retyped.js';

/** How a model is kept, smallest first. */
export const variantNames = ['q4', 'q8', 'f32'] as const;
/** The name of a variant. */
export type VariantName = (typeof variantNames)[number];

/** What a name without a variant means. @see docs/decisions/2026-11-30-store.md */
export const DEFAULT_VARIANT: VariantName = 'q4';

/** The .bin version of each variant, with that version's default settings. */
export const variantVersions: Readonly<Record<VariantName, BinVersion>> = { q4: 3, q8: 2, f32: 1 };

/** Every word for a variant. Case does not matter. */
const words: Readonly<Record<string, VariantName>> = {
  q4: 'q4',
  v3: 'q4',
  q8: 'q8',
  q8_0: 'q8',
  v2: 'q8',
  f32: 'f32',
  v1: 'f32',
};

/** The variant that a word names; null for another word. */
export function variantOf(word: string): VariantName | null {
  const name = word.toLowerCase();
  return Object.hasOwn(words, name) ? words[name]! : null;
}

/**
 * The variant of a model's name, which ends in `:WORD`.
 *
 * @throws ToolkitError `USAGE` for a word that names none
 */
export function checkVariant(name: string, word: string): VariantName {
  const variant = variantOf(word);
  if (variant !== null) return variant;
  const at = name.indexOf(`:${word}`);
  const mended = `${name.slice(0, at)}:${likely(word)}${name.slice(at + word.length + 1)}`;
  throw new ToolkitError('USAGE', `${name}: there is no variant ${word}, expected q4 (v3), q8 (v2) or f32 (v1)`, {
    suggestions: [retyped(name, mended) ?? mended],
  });
}

/** The variant nearest to a quantization of llama.cpp: by its bits. */
function likely(word: string): VariantName {
  const bits = Number(/\d+/.exec(word)?.[0] ?? '4');
  return bits >= 16 ? 'f32' : bits >= 6 ? 'q8' : 'q4';
}
