// Shows a failure: words on stderr, or with --json one document on stdout, and the exit code either way.

import { isToolkitError } from '@llama-ts/format';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import type { FailureReport } from './failure-report.js';
import { visible, visibleJson } from './terminal-safe.js';
import { describeParserError } from './usage/describe-parser-error.js';

/** How to show a failure. */
export interface ReportOptions {
  /** One JSON document on stdout. */
  readonly json: boolean;
  /** The stack too. */
  readonly debug: boolean;
}

/** Prints a failure and sets the process's exit code. */
export function reportFailure(error: unknown, { json, debug }: ReportOptions): void {
  if (isCleanExit(error)) return;
  const failure = describeFailure(error);
  process.exitCode = exitCodeOf(failure.code);
  if (process.exitCode === exitCodes.success) return;
  if (json) {
    process.stdout.write(`${visibleJson(JSON.stringify({ error: failure }, null, 2))}\n`);
  } else {
    process.stderr.write(failureText(failure));
  }
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** Prints a failure that does not end the command. */
export function showFailure(error: unknown): void {
  process.stderr.write(failureText(describeFailure(error)));
}

/** What oclif throws after `--help`: it has an exit status and nothing to say. */
function isCleanExit(error: unknown): boolean {
  return error instanceof Error && (error as { oclif?: { exit?: number } }).oclif?.exit === 0;
}

function describeFailure(error: unknown): FailureReport {
  if (isToolkitError(error)) {
    return { code: error.code, message: error.message, suggestions: error.suggestions };
  }
  const usage = describeParserError(error);
  if (usage !== null) return usage;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: `unexpected failure: ${message}`,
    suggestions: ['run the same command with DEBUG=* set and report what it prints'],
  };
}

/** File contents and names end up in messages, so control characters are shown, not sent. */
function failureText({ code, message, suggestions }: FailureReport): string {
  const remedies = suggestions.map((suggestion) => `  try: ${visible(suggestion)}\n`).join('');
  return `llama: ${visible(message)} [${code}]\n${remedies}`;
}
