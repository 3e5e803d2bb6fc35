// The flag of the quantized format's group size.

import { MAX_GROUP_SIZE } from '@llama-ts/format';
import { Flags } from '@oclif/core';
import { integer } from './number-flags.js';

/** Values that share a scale; checked against the model's widths by the exporter. */
export const groupSizeFlag = Flags.custom<number>({
  description: 'share one scale among N values in v2; default 64, halved until it divides the width',
  parse: integer({ min: 1, max: MAX_GROUP_SIZE }),
});
