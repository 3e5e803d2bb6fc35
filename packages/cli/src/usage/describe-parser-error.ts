// Describes an error of oclif's own. What can be foreseen is refused before it: see check-usage.ts.

import { stripVTControlCharacters } from 'node:util';
import type { FailureReport } from '../failure/failure-report.js';

/** Describes an error of oclif's parser; null for any other error. Plugins have an oclif of their own, so instanceof does not work. */
export function describeParserError(error: unknown): FailureReport | null {
  if (!(error instanceof Error) || !('oclif' in error)) return null;
  const message = stripVTControlCharacters(error.message).split('\n')[0]!.trim();
  return { code: 'USAGE', message, suggestions: ['llama help'] };
}
