// Flags that hold a number of bytes: `1000000`, `500MB`, `5GB`.

import { ToolkitError } from '@llama-ts/base';
import { Flags } from '@oclif/core';
import { numberOf } from './number-flags.js';

/** Decimal units, as files are measured; a bare letter is one, and `GiB` is a binary one. */
const PREFIXES = ['', 'K', 'M', 'G', 'T'];

/** A size above 0. */
export const byteSizeFlag = Flags.custom<number>({ parse: (text, _context, { name }) => byteSize(text, name, 1) });

/** How much of a computation's results to keep: any size, 0 for none. */
export const cacheBytesFlag = Flags.custom<number>({ parse: (text, _context, { name }) => byteSize(text, name, 0) });

async function byteSize(text: string, flag: string, min: number): Promise<number> {
  const [, digits = '', prefix = '', binary] = /^(.+?)([KMGT]?)(i?)B?$/i.exec(text) ?? [];
  const step = binary === '' ? 1000 : 1024;
  const byteLength = numberOf(digits) * step ** PREFIXES.indexOf(prefix.toUpperCase());
  if (Number.isSafeInteger(byteLength) && byteLength >= min) return byteLength;
  const expected = 'a number of bytes such as 1000000, 500MB or 5GB';
  throw new ToolkitError('USAGE', `--${flag} ${JSON.stringify(text)}: expected ${expected}`);
}
