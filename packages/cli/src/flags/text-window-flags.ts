// Flags of commands that measure models on a text: how it is divided, and how much of it is read.

import { Flags } from '@oclif/core';
import { integer } from './number-flags.js';

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

export const textWindowFlags = {
  window: Flags.custom<number>({
    description: 'divide the text into windows of N positions; default 512, or the context',
    parse: integer({ ...positive, min: 2 }),
  })(),
  stride: Flags.custom<number>({
    description: 'move each window N tokens on; default half the window',
    parse: integer(positive),
  })(),
  'max-tokens': Flags.custom<number>({
    description: 'measure on the first N tokens of the text; default all',
    parse: integer(positive),
  })(),
};
