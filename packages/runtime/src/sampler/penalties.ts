// Penalties for tokens that occurred before, and biases for tokens by id.

/** How logits change before a token is chosen. docs/sampling.md has the formulas. */
export interface PenaltyOptions {
  /** Divides positive logits of tokens in the window and multiplies negative ones; 1 changes none. */
  readonly repetitionPenalty: number;
  /** Subtracted from the logit of each token in the window. */
  readonly presencePenalty: number;
  /** Subtracted once for each time the token is in the window. */
  readonly frequencyPenalty: number;
  /** How many of the last tokens count, those of the prompt included; −1 for all. */
  readonly penaltyWindow: number;
}

/** The tokens so far and their penalties. */
export interface Penalties {
  /** Changes logits (vocabSize) in place. */
  apply(logits: Float32Array): void;
  /** Adds a token to those so far. */
  push(id: number): void;
}

/** Starts with the tokens of the prompt. */
export function createPenalties(options: PenaltyOptions, promptTokens: readonly number[]): Penalties {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, penaltyWindow } = options;
  const f = Math.fround;
  const repetition = f(repetitionPenalty);
  const presence = f(presencePenalty);
  const frequency = f(frequencyPenalty);
  const isOff = (repetition === 1 && presence === 0 && frequency === 0) || penaltyWindow === 0;
  const tokens: number[] = [];
  const counts = new Map<number, number>();

  function push(id: number): void {
    if (isOff) return;
    tokens.push(id);
    counts.set(id, (counts.get(id) ?? 0) + 1);
    if (penaltyWindow < 0 || tokens.length <= penaltyWindow) return;
    const gone = tokens[tokens.length - 1 - penaltyWindow]!;
    const rest = counts.get(gone)! - 1;
    if (rest === 0) counts.delete(gone);
    else counts.set(gone, rest);
  }

  for (const id of promptTokens) push(id);
  return {
    push,
    apply(logits) {
      for (const [id, count] of counts) {
        let logit = logits[id]!;
        logit = f(logit > 0 ? logit / repetition : logit * repetition);
        logit = f(logit - f(count * frequency));
        logits[id] = logit - presence;
      }
    },
  };
}
