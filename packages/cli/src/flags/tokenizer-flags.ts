// Flags that tokenize and detokenize share: the source of their tokenizer.

import { Args, Flags } from '@oclif/core';

/** The argument that names the tokenizer's file or folder. */
export const tokenizerArgument = Args.string({
  description: '.bin or GGUF file, folder of a checkpoint, tokenizer.json or tokenizer.model',
  ignoreStdin: true,
});

export const tokenizerFlag = {
  tokenizer: Flags.string({
    char: 'z',
    description: 'read the tokenizer from a tokenizer.bin instead of MODEL',
  }),
};
