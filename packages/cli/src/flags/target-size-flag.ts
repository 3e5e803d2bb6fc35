// The flag that says how large a v3 file may be.

import { byteSizeFlag } from './byte-size-flag.js';

export const targetSizeFlag = () =>
  byteSizeFlag({
    description: 'v3: give 8 bits to the most sensitive tensors, so that the file has at most this size, such as 800MB',
  });
