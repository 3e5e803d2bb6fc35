// The flag that lists every tensor as it is written.

import { Flags } from '@oclif/core';

export function verboseFlag() {
  return Flags.boolean({ description: 'list every tensor as it is written; --json has them all at the end' });
}
