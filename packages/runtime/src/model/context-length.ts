// How many positions a model is opened with.

import { ToolkitError } from '@llama-ts/base';
import { DEFAULT_CONTEXT } from './open-model-options.js';

/** The requested context, or the default one. @throws ToolkitError `INVALID_OPTION` beyond the model's own */
export function resolveContext(requested: number | undefined, maxSeqLen: number): number {
  if (requested === undefined) return Math.min(maxSeqLen, DEFAULT_CONTEXT);
  checkContext(requested, maxSeqLen);
  return requested;
}

/** @throws ToolkitError `INVALID_OPTION` */
export function checkContext(requested: number, most: number): void {
  if (Number.isInteger(requested) && requested >= 1 && requested <= most) return;
  throw new ToolkitError('INVALID_OPTION', `context ${requested}, expected 1 to ${most}, the model's own`, {
    suggestions: [`--context ${most}`],
  });
}
