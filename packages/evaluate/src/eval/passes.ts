// Runs a window through a model in forward passes of bounded size.

import type { Model } from '@llama-ts/runtime';
import type { Decoder } from './greedy-departure.js';
import type { EvalTokens } from './tokens.js';
import type { TextWindow } from './windows.js';

/** Logits of one pass: a whole window of Llama 3's vocabulary would take 0.5 GB. */
const MAX_LOGITS_BYTES = 64 * 1024 * 1024;
/** Rows of one pass at most, so that progress is shown and an abort acts soon. */
const MAX_ROWS = 256;

/** Consecutive rows of a window for one forward pass. */
export interface Rows {
  readonly position: number;
  readonly tokens: readonly number[];
  /** Whether their predictions count; else they are context. */
  readonly isScored: boolean;
  /** Index in the text of what the first row predicts. */
  readonly firstTarget: number;
}

/** Cuts a window into passes: the context, then the rows whose predictions count. Its last token predicts nothing. */
export function* passesOf(
  { start, end, firstScored }: TextWindow,
  { ids, bosId }: EvalTokens,
  vocabSize: number,
): Generator<Rows> {
  const rows = [...(bosId === null ? [] : [bosId]), ...ids.slice(start, end)].slice(0, -1);
  const targetOfFirstRow = bosId === null ? start + 1 : start;
  const nContextRows = firstScored - targetOfFirstRow;
  const limit = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_LOGITS_BYTES / (4 * vocabSize))));
  for (let position = 0; position < rows.length; ) {
    const isScored = position >= nContextRows;
    const next = Math.min(position + limit, isScored ? rows.length : nContextRows);
    yield { position, tokens: rows.slice(position, next), isScored, firstTarget: targetOfFirstRow + position };
    position = next;
  }
}

/** A model with a cache and a clock. */
export interface Runner extends Decoder {
  /** Logits, (rows, vocabSize), valid until the next pass; without rows where they do not count. */
  run(rows: Rows): Promise<Float32Array>;
  tokensPerSecond(): number;
}

/** Options of {@link createRunner}. */
export interface RunnerOptions {
  /** Positions in a window. */
  readonly window: number;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sets up a model for an evaluation. */
export function createRunner(model: Model, { window, signal, now = () => performance.now() }: RunnerOptions): Runner {
  const cache = model.createCache({ positions: window });
  let nTokens = 0;
  let milliseconds = 0;
  return {
    model,
    cache,
    async run({ position, tokens, isScored }) {
      const start = now();
      const logits = await model.forward([{ cache, position, tokens }], { logits: isScored ? 'all' : 'none', signal });
      milliseconds += now() - start;
      nTokens += tokens.length;
      return logits;
    },
    tokensPerSecond: () => (milliseconds > 0 ? (1000 * nTokens) / milliseconds : 0),
  };
}
