// What `system_fingerprint` says: two servers with one fingerprint give the same bytes to the same request and seed.

import { createSha256, hexOf, TOOL } from '@llama-ts/base';
import { cacheTypeOf, type Model } from '@llama-ts/runtime';

const DIGITS = 16;
/** Between the bytes of two tokens. */
const SEPARATOR = Uint8Array.of(0);
const encoder = new TextEncoder();

/**
 * Makes fingerprints for a model: of its weights and settings, of tokenizer and templates, of the kind of its cache, of the
 * context, and of a day. Backend, threads, load and machine change no bit and are left out.
 */
export async function createFingerprint(model: Model): Promise<(dateString: string | undefined) => string> {
  const { tokenizer, settings, chatTemplate, namedTemplates, templateTokens, generationDefaults } = model;
  const base = createSha256().update(await model.checksum());
  const said = {
    tool: TOOL,
    settings,
    chatTemplate,
    namedTemplates,
    templateTokens,
    generationDefaults,
    contextLength: model.contextLength,
    cacheType: cacheTypeOf(model.createCache({ positions: 1 })),
    specialTokens: tokenizer?.specialTokens ?? null,
  };
  base.update(encoder.encode(JSON.stringify(said)));
  for (let id = 0; id < (tokenizer?.nTokens ?? 0); id++) base.update(tokenizer!.tokenBytes(id)).update(SEPARATOR);
  const digest = base.digest();
  return (dateString) => {
    const day = dateString === undefined ? 'no day' : `day ${dateString}`;
    const whole = createSha256().update(digest).update(encoder.encode(day));
    return `fp_${hexOf(whole.digest()).slice(0, DIGITS)}`;
  };
}
