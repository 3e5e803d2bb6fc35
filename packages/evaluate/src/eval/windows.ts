// Cuts a text into windows that overlap, so that every token is predicted once, with as much context as the windows allow.

import { ToolkitError } from '@llama-ts/base';

/** A part of the text that goes through the model at once. Numbers count tokens of the text. */
export interface TextWindow {
  readonly start: number;
  /** The first token after it. */
  readonly end: number;
  /** The first token whose prediction counts; those before were predicted in the window before, or are context alone. */
  readonly firstScored: number;
}

/** Options of {@link planWindows}. */
export interface WindowOptions {
  /** Positions of a window, the begin-of-text token included. */
  readonly window: number;
  /** Tokens from the start of one window to the next. */
  readonly stride: number;
  /** Whether each window begins with a begin-of-text token. */
  readonly hasBos: boolean;
}

/**
 * Windows over a text of `nTokens`. Without a begin-of-text token nothing predicts the first token of the text.
 *
 * @throws ToolkitError `INVALID_OPTION` for a stride that leaves tokens out, `BAD_TEXT` for a text without a prediction
 */
export function planWindows(nTokens: number, { window, stride, hasBos }: WindowOptions): TextWindow[] {
  const nTextTokens = window - (hasBos ? 1 : 0);
  if (!Number.isInteger(window) || window < 2) {
    throw new ToolkitError('INVALID_OPTION', `window of ${window} positions, expected a whole number from 2`);
  }
  // Without a begin-of-text token a window's first token predicts nothing new unless windows overlap by one.
  const largestStride = window - 1;
  if (!Number.isInteger(stride) || stride < 1 || stride > largestStride) {
    throw new ToolkitError(
      'INVALID_OPTION',
      `stride ${stride}, expected 1 to ${largestStride}, one less than the window, so that every token is predicted`,
    );
  }
  const firstPredicted = hasBos ? 0 : 1;
  if (nTokens <= firstPredicted) {
    throw new ToolkitError('BAD_TEXT', `a text of ${nTokens} tokens, expected at least ${firstPredicted + 1}`);
  }
  const windows: TextWindow[] = [];
  let scoredEnd = firstPredicted;
  for (let start = 0; scoredEnd < nTokens; start += stride) {
    const end = Math.min(start + nTextTokens, nTokens);
    windows.push({ start, end, firstScored: scoredEnd });
    scoredEnd = end;
  }
  return windows;
}
