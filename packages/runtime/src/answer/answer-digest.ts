// The digest of an answer: of its tokens and their logits, so that two machines can tell in one line whether they computed the
// same bits.

import { createSha256, hexOf } from '@llama-ts/base';

/** A digest under way. */
export interface AnswerDigest {
  /** @param logits (vocabSize) as the model computed them, from which the token was chosen */
  push(id: number, logits: Float32Array): void;
  /** 64 hexadecimal digits. */
  end(): string;
}

const ID_BYTES = 4;
const TOKEN_BYTES = 8;

/**
 * sha256 over 8 bytes for each token of the answer, the end token left out: the id as a 32-bit integer, then the model's
 * logit of it as a 32-bit float, both little-endian. The logit is that before any constraint, bias, penalty and temperature.
 */
export function createAnswerDigest(): AnswerDigest {
  const hash = createSha256();
  const bytes = new DataView(new ArrayBuffer(TOKEN_BYTES));
  return {
    push(id, logits) {
      bytes.setUint32(0, id, true);
      bytes.setFloat32(ID_BYTES, logits[id]!, true);
      hash.update(new Uint8Array(bytes.buffer));
    },
    end: () => hexOf(hash.digest()),
  };
}
