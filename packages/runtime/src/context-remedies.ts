// What to type when a prompt or a conversation is longer than the context.

/** Positions for an answer after it. */
const ANSWER_TOKENS = 256;

/** A larger context, as far as the model was made for one; nothing where it was not. */
export function contextRemedies(nTokens: number, maxContext: number): string[] {
  return nTokens < maxContext ? [`--context ${Math.min(nTokens + ANSWER_TOKENS, maxContext)}`] : [];
}
