// Refuses settings that the caller states for a source that holds them itself.

import { ToolkitError } from '@llama-ts/base';
import type { StatedSizes } from '../meta/known-sizes.js';

/**
 * Refuses settings for a source that holds them itself.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export function checkNothingStated(name: string, stated: StatedSizes | undefined): void {
  if (stated?.ropeFactor === undefined && stated?.contextLength === undefined) return;
  const message = `${name}: holds its RoPE settings and its context length, expected none to be stated beside it`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ["for Meta's files alone: leave out --rope-factor and --context-length"],
  });
}
