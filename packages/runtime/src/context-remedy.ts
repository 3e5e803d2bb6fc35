// What to type when a text does not fit into the context: never more positions than the model has.

/** Positions suggested for the answer besides the text. */
const ANSWER_POSITIONS = 256;

/**
 * The suggestion for a text of `nTokens`.
 *
 * @param maxSeqLen positions of the model
 */
export function contextRemedy(nTokens: number, maxSeqLen: number): string {
  if (nTokens > maxSeqLen)
    return `shorten the text: the model has ${maxSeqLen} positions, and no --context gives it more`;
  return `make room: --context ${Math.min(nTokens + ANSWER_POSITIONS, maxSeqLen)}`;
}
