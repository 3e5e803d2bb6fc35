// The flag that goes on with what a killed command had written.

import { Flags } from '@oclif/core';

/** On unless `--no-resume` is given. */
export function resumeFlag() {
  return Flags.boolean({
    description: 'go on from what the same command had written when it was interrupted or killed; on by default',
    allowNo: true,
    default: true,
  });
}
