// Flags of the commands that are gates: one for each bound, and the thresholds file.

import { ToolkitError } from '@llama-ts/base';
import type { Bounds } from '@llama-ts/evaluate';
import { Flags } from '@oclif/core';
import { numberOf } from './number-flags.js';

/** The file with bounds that {@link readThresholds} reads. */
export const thresholdsFlag = Flags.string({
  description: 'read bounds from a JSON file; a bound given as a flag wins',
});

/** A bound as a flag: any finite number, `1e-3` too. */
export function boundFlag(description: string) {
  return Flags.custom<number>({
    description: `exit 3 ${description}`,
    parse: async (text, _context, { name }) => {
      const value = numberOf(text);
      if (!Number.isNaN(value)) return value;
      throw new ToolkitError('USAGE', `--${name} ${JSON.stringify(text)}: expected a number`);
    },
  })();
}

/** The bounds that were given, of the flags of these names. */
export function boundsOfFlags(flags: Readonly<Record<string, unknown>>, names: readonly string[]): Bounds {
  const given = names.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, flags[name] as number]));
}
