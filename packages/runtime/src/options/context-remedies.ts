// Suggestions for a prompt or a conversation that is longer than the context.

/** Positions left for an answer. */
const ANSWER_TOKENS = 256;

/**
 * A larger context, up to the model's own; none where the prompt is longer than that.
 *
 * @param isShortened whether the conversation was given fewer positions than the model is open with: `--steps` of chat
 */
export function contextRemedies(nTokens: number, maxContext: number, isShortened = false): string[] {
  if (nTokens >= maxContext) return [];
  const context = `--context ${Math.min(nTokens + ANSWER_TOKENS, maxContext)}`;
  return [isShortened ? `--steps 0 ${context}` : context];
}
