// Refuses weights that the float16 scales of v3 cannot hold.

import { ToolkitError } from '@llama-ts/base';

/** Magnitudes from here on are beyond them. */
const BEYOND_SCALES = 2 ** 23;

/**
 * @param largest magnitude of a weight, or an error that is as large where one is
 * @throws ToolkitError `TYPE_UNFIT`
 */
export function checkScales(largest: number, tensor: string, source: string): void {
  if (largest < BEYOND_SCALES) return;
  throw new ToolkitError(
    'TYPE_UNFIT',
    `${source}: ${tensor} holds a weight of ${BEYOND_SCALES} or more, which is beyond the scales of v3`,
    { suggestions: ['write v2, whose scales are float32: --version 2'] },
  );
}
