// A flag that holds a number of bytes: `1000000`, `500MB`, `5GB`.

import { ToolkitError } from '@llama-ts/format';
import { Flags } from '@oclif/core';

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Decimal units, as files are measured. */
export const byteSizeFlag = Flags.custom<number>({
  async parse(text, _context, { name }) {
    const [, digits, unit] = /^(\d+)([KMGT]B)?$/i.exec(text) ?? [];
    const byteLength = Number(digits) * UNITS[(unit ?? '').toUpperCase()]!;
    if (Number.isSafeInteger(byteLength) && byteLength > 0) return byteLength;
    const expected = 'a number of bytes such as 1000000, 500MB or 5GB';
    throw new ToolkitError('USAGE', `--${name} ${JSON.stringify(text)}: expected ${expected}`);
  },
});
