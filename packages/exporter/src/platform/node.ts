// The platform Node: outputs are durable files.

import { createDurableFile, keyOf } from '@llama-ts/durable';
import type { Platform } from './platform.js';

export const platform: Platform = {
  createOutput: (path, { follows, ...options }) =>
    createDurableFile(path, { ...options, resumeKey: follows && keyOf(follows) }),
};
