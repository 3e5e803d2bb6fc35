// Describes an error of oclif's own. What can be foreseen is refused before it: see check-usage.ts.

import { stripVTControlCharacters } from 'node:util';
import type { FailureReport } from '../failure-report.js';

/** Null for an error of another kind. Plugins have an oclif of their own, so that the class says nothing. */
export function describeParserError(error: unknown): FailureReport | null {
  if (!(error instanceof Error) || !('oclif' in error)) return null;
  const message = stripVTControlCharacters(error.message).split('\n')[0]!.trim();
  return { code: 'USAGE', message, suggestions: ['llama help'] };
}
