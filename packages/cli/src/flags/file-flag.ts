// The flag that picks a GGUF file of a repository.

import { Flags } from '@oclif/core';

export function fileFlag() {
  return Flags.string({
    description: 'take this GGUF file of the repository; * stands for any characters, as in "*Q8_0*"',
  });
}
