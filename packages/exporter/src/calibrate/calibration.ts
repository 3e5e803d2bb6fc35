// What a calibrated quantization needs of a text.

import { ToolkitError } from '@llama-ts/base';
import { CALIBRATION_RULE, type ModelDimensions } from '@llama-ts/format';

/** A text whose tokens show which errors of the weights matter. */
export interface CalibrationText {
  /** Name in messages. */
  readonly name: string;
  /** sha256 of the text's bytes, lowercase hexadecimal. */
  readonly sha256: string;
  /** Tokens of the text, without begin-of-text token. */
  readonly tokens: ArrayLike<number>;
  /** Tokens before each chunk: those that the tokenizer puts before a text. */
  readonly prefix: readonly number[];
}

/** Positions of a chunk, the prefix included. */
const CHUNK_LENGTH = 512;

/** Positions of the longest chunk of a calibration. */
export function chunkLength({ maxSeqLen }: ModelDimensions): number {
  return Math.min(CHUNK_LENGTH, maxSeqLen);
}

/**
 * The tokens in chunks that the model reads independently, each with the prefix; the last may be shorter.
 *
 * @throws ToolkitError `BAD_TEXT` for a text without tokens; `BAD_TOKEN_ID`
 */
export function calibrationChunks(text: CalibrationText, dimensions: ModelDimensions): readonly Int32Array[] {
  const { name, tokens, prefix } = text;
  const length = chunkLength(dimensions) - prefix.length;
  if (tokens.length === 0 || length < 1) {
    throw new ToolkitError('BAD_TEXT', `${name}: a calibration text of ${tokens.length} tokens, expected some`, {
      suggestions: ['give a text that is not empty: --calibrate TEXT'],
    });
  }
  const chunks: Int32Array[] = [];
  for (let start = 0; start < tokens.length; start += length) {
    const end = Math.min(tokens.length, start + length);
    const chunk = new Int32Array(prefix.length + end - start);
    chunk.set(prefix);
    for (let i = start; i < end; i++) chunk[prefix.length + i - start] = checkToken(tokens[i]!, name, dimensions);
    chunks.push(chunk);
  }
  return chunks;
}

/** What decides the bytes of a calibrated file besides its source. */
export function calibrationFacts({ sha256, tokens }: CalibrationText) {
  return { rule: CALIBRATION_RULE, text: { sha256, nTokens: tokens.length } } as const;
}

function checkToken(id: number, name: string, { vocabSize }: ModelDimensions): number {
  if (Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
  throw new ToolkitError('BAD_TOKEN_ID', `${name}: token ${id}, expected 0 to ${vocabSize - 1}`);
}
