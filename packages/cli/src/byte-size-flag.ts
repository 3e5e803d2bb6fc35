// A flag that holds a number of bytes: `1000000`, `500MB`, `5GB`.

import { ToolkitError } from '@llama-ts/format';
import { Flags } from '@oclif/core';
import { numberOf } from './number-flags.js';

/** Decimal units, as files are measured; a bare letter is one, and `GiB` is a binary one. */
const PREFIXES = ['', 'K', 'M', 'G', 'T'];

/** A parser of such sizes. */
export const byteSizeFlag = Flags.custom<number>({
  async parse(text, _context, { name }) {
    const [, digits = '', prefix = '', binary] = /^(.+?)([KMGT]?)(i?)B?$/i.exec(text) ?? [];
    const step = binary === '' ? 1000 : 1024;
    const byteLength = numberOf(digits) * step ** PREFIXES.indexOf(prefix.toUpperCase());
    if (Number.isSafeInteger(byteLength) && byteLength > 0) return byteLength;
    const expected = 'a number of bytes such as 1000000, 500MB or 5GB';
    throw new ToolkitError('USAGE', `--${name} ${JSON.stringify(text)}: expected ${expected}`);
  },
});
