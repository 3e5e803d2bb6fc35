// A line of a file of results. It holds no times, so that the same prompts give the same bytes.

import type { GenerateEvent, SpeculationReport } from '@llama-ts/runtime';
import type { FailureReport } from '../failure/failure-report.js';
import { speak } from '../output/speak.js';
import type { BatchLine } from './batch-line.js';

/** The result of a line. */
export interface BatchResult {
  readonly line: BatchLine;
  /** The line as the file has it. */
  readonly text: string;
  readonly isFailed: boolean;
  readonly nTokens: number;
  /** How drafts went, with `--lookup`. */
  readonly speculation?: SpeculationReport | undefined;
}

/** Follows an answer to its end. */
export async function answeredResult(
  line: BatchLine,
  seed: bigint,
  events: AsyncIterable<GenerateEvent>,
): Promise<BatchResult> {
  const { text, endReason, stop, nPromptTokens, nTokens, speculation, meetsConstraint, digest } = await speak(
    events,
    () => undefined,
  );
  const judged = meetsConstraint === undefined ? {} : { meetsConstraint };
  const digested = digest === undefined ? {} : { digest };
  const said = {
    text,
    endReason,
    stop,
    ...judged,
    ...digested,
    seed: String(seed),
    nPromptTokens,
    nTokens,
  };
  return { line, text: JSON.stringify({ ...headOf(line), ...said }), isFailed: false, nTokens, speculation };
}

/** The result of a line that cannot be answered. */
export function failedResult(line: BatchLine, { code, message, suggestions }: FailureReport): BatchResult {
  const error = { code, message: `line ${line.line}: ${message}`, suggestions };
  return { line, text: JSON.stringify({ ...headOf(line), error }), isFailed: true, nTokens: 0 };
}

/** Whether a line of a file of results is a whole one of this line of prompts. */
export function isResultOf(text: string, { line, id }: BatchLine): boolean {
  const found = parseResult(text);
  const isWhole = typeof found?.text === 'string' || typeof found?.error === 'object';
  return isWhole && found?.line === line && (found.id ?? null) === id;
}

/** Whether a result says that its line could not be answered. */
export function isFailure(text: string): boolean {
  return parseResult(text)?.error !== undefined;
}

function headOf({ line, id }: BatchLine): object {
  return id === null ? { line } : { line, id };
}

function parseResult(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
