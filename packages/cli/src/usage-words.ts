// What oclif says of flags and arguments that do not fit, in this program's words: found, expected, and what to type.

import type { FailureReport } from './failure-report.js';
import { nearest } from './nearest.js';

type Words = Pick<FailureReport, 'message' | 'suggestions'>;

interface Rewording {
  readonly pattern: RegExp;
  readonly reword: (...groups: string[]) => Words;
}

/** oclif has its words in no types; @see @oclif/core, parser/errors.js and parser/validate.js */
const rewordings: readonly Rewording[] = [
  {
    pattern: /^--([\w-]+)(?:=.*)? cannot also be provided when using (--[\w-]+)$/s,
    reword: (one, other) => ({
      message: `--${one} and ${other}, expected one of them`,
      suggestions: [`leave --${one} or ${other} out`],
    }),
  },
  {
    pattern: /^All of the following must be provided when using (--[\w-]+): (.+)$/s,
    reword: (flag, needed) => ({
      message: `${flag} without ${needed}, expected them together`,
      suggestions: [`add ${needed}`],
    }),
  },
  {
    pattern: /^Flag (--[\w-]+) expects (?:a value|one of these values: (.+))$/s,
    reword: (flag, options) => ({
      message: `${flag} without a value, expected ${options === undefined ? 'one' : alternatives(options)}`,
      suggestions: [`${flag} ${options?.split(', ')[0] ?? 'VALUE'}`],
    }),
  },
  {
    pattern: /^Expected (--[\w-]+)=(.*) to be one of: (.+)$/s,
    reword: (flag, value, options) => ({
      message: `${flag} ${JSON.stringify(value)}: expected ${alternatives(options!)}`,
      suggestions: [`${flag} ${nearest(value!, options!.split(', ')) ?? options!.split(', ')[0]}`],
    }),
  },
  {
    pattern: /^Unexpected arguments?: (.+)$/s,
    reword: (texts) => ({
      message: `${texts}: more than the command takes, expected no further argument`,
      suggestions: ['put a text of several words into quotes', 'add --help to see the usage'],
    }),
  },
];

/** The first complaint of oclif's, in other words; null for one that is not known. */
export function reworded(message: string): Words | null {
  const complaint = message
    .replace(/^The following errors? occurred:\s*/, '')
    .split('\n')[0]!
    .trim();
  for (const { pattern, reword } of rewordings) {
    const groups = pattern.exec(complaint);
    if (groups !== null) return reword(...groups.slice(1));
  }
  return null;
}

function alternatives(options: string): string {
  return options.replace(/, (?=[^,]*$)/, ' or ');
}
