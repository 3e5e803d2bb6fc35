// Shows a failure: words on stderr, or with --json one document on stdout, and the exit code either way.

import { commandLine, isToolkitError } from '@llama-ts/base';
import { lostOutput } from '../terminal/output-guard.js';
import { wrapNotice } from '../terminal/print-notice.js';
import { columnsOf } from '../terminal/terminal.js';
import { visible, visibleJson } from '../terminal/terminal-safe.js';
import { describeParserError } from '../usage/describe-parser-error.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import type { FailureReport } from './failure-report.js';
import { completed } from './typed-command.js';

/** Messages of V8 and Node when memory runs out. */
const OUT_OF_MEMORY = /array buffer allocation failed|invalid (typed )?array (buffer )?length/i;

/** How to show a failure. */
export interface ReportOptions {
  /** One JSON document on stdout. */
  readonly json: boolean;
  /** Whether to show the stack too. */
  readonly debug: boolean;
}

const reported = new WeakSet<object>();

/** Whether {@link reportFailure} printed it. */
export function wasReported(error: object): boolean {
  return reported.has(error);
}

/** Prints a failure and sets the process's exit code. */
export function reportFailure(error: unknown, { json, debug }: ReportOptions): void {
  if (isCleanExit(error)) return;
  if (error instanceof Error) reported.add(error);
  const failure = describeFailure(error);
  process.exitCode = exitCodeOf(failure.code);
  if (process.exitCode === exitCodes.success) return;
  if (json && lostOutput() === null) {
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

/** Whether oclif threw this after `--help`: an exit status without a message. */
function isCleanExit(error: unknown): boolean {
  return error instanceof Error && (error as { oclif?: { exit?: number } }).oclif?.exit === 0;
}

function describeFailure(error: unknown): FailureReport {
  const described = describe(error);
  return { ...described, suggestions: described.suggestions.map(completed) };
}

function describe(error: unknown): FailureReport {
  if (isToolkitError(error)) {
    return { code: error.code, message: error.message, suggestions: error.suggestions };
  }
  const usage = describeParserError(error);
  if (usage !== null) return usage;
  const known = describeSystemError(error);
  if (known !== null) return known;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: `unexpected failure: ${message.replace(/\s*\n\s*/g, ' ')}`,
    suggestions: [`DEBUG=1 ${commandLine(['llama', ...process.argv.slice(2)])}`],
  };
}

/** The report of a system error, which any command can meet; null for other errors. */
function describeSystemError(error: unknown): FailureReport | null {
  if (!(error instanceof Error)) return null;
  if ((error as NodeJS.ErrnoException).syscall === 'uv_cwd') {
    return {
      code: 'FILE_NOT_FOUND',
      message: 'the current folder is not there any more, expected one to run in',
      suggestions: ['cd ~'],
    };
  }
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) {
    return {
      code: 'LIMIT_EXCEEDED',
      message: `there is not enough memory for this (${error.message})`,
      suggestions: ['end other programs, or run the command on a machine with more memory'],
    };
  }
  return null;
}

/** File contents and names end up in messages, so control characters are shown, not sent. */
function failureText({ code, message, suggestions }: FailureReport): string {
  const lines = [`llama: ${message} [${code}]`, ...suggestions.map((suggestion) => `  try: ${suggestion}`)];
  return `${wrapNotice(visible(lines.join('\n')), columnsOf(process.stderr))}\n`;
}
