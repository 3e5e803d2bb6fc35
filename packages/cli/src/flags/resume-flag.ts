// The flag that resumes what an interrupted or killed command had written.

import { Flags } from '@oclif/core';

/** On unless `--no-resume` is given. */
export function resumeFlag() {
  return Flags.boolean({
    description: 'resume what the same command had written before it was interrupted or killed; on by default',
    allowNo: true,
    default: true,
  });
}
