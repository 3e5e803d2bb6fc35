// Draws the writing of a model, and keeps what became of each tensor for the report.

import { byteSize } from '@llama-ts/base';
import type { ExportEvent } from '@llama-ts/exporter';
import { createProgress, type Progress } from './progress.js';

/** Smaller outputs are written too fast for progress lines in a log. */
const MIN_NOTED_BYTES = 64 * 1024 * 1024;

/** A command, which prints lines of its report, notes and warnings. */
export interface Reporter {
  log(line: string): void;
  logToStderr(line: string): void;
  warn(warning: string): void;
}

/** A tensor that was written. */
export interface WrittenTensor {
  readonly name: string;
  readonly byteLength: number;
  /** Largest quantization error of a weight; null where nothing was quantized. */
  readonly maxError: number | null;
}

/** A result with what became of each tensor. */
export type Written<Result> = Result & { readonly tensors: readonly WrittenTensor[] };

/** How to show it. */
export interface WriteProgressOptions {
  /** A line for each tensor. Default false. */
  readonly isVerbose?: boolean;
  /** A line that is printed when every check has passed and writing begins. */
  readonly title?: string | undefined;
}

/** Runs an export, a quantization or a conversion to its end and returns what it made. */
export async function showWriteProgress<Result>(
  events: AsyncGenerator<ExportEvent, Result>,
  reporter: Reporter,
  { isVerbose = false, title }: WriteProgressOptions = {},
): Promise<Written<Result>> {
  let progress: Progress | null = null;
  const tensors: WrittenTensor[] = [];
  const print = (line: () => void): void => (progress === null ? line() : progress.above(line));
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return { ...next.value, tensors };
      const event = next.value;
      switch (event.type) {
        case 'warning':
          print(() => reporter.warn(event.message));
          break;
        case 'write-start':
          if (title !== undefined) print(() => reporter.log(title));
          progress = createProgress({
            total: event.byteLength,
            amount: (_done, total) => `of ${byteSize(total)}`,
            ...(event.byteLength < MIN_NOTED_BYTES ? {} : { note: (line: string) => reporter.logToStderr(line) }),
          });
          break;
        case 'tensor-start':
          progress?.name(event.name);
          break;
        case 'bytes-written':
          progress?.add(event.byteLength);
          break;
        case 'tensor-end': {
          const { name, byteLength, maxError } = event;
          tensors.push({ name, byteLength, maxError });
          if (isVerbose) print(() => reporter.log(tensorLine(event, tensors.length)));
          break;
        }
      }
    }
  } finally {
    progress?.stop();
    await events.return(undefined as never);
  }
}

/** Tensors come in the order in which their source holds them, so they are counted. */
function tensorLine(event: Extract<ExportEvent, { type: 'tensor-end' }>, nFinished: number): string {
  const { name, count, byteLength, maxError } = event;
  const error = maxError === null ? '' : `  max error ${maxError.toFixed(8)}`;
  return `${nFinished}/${count}  ${name}  ${byteSize(byteLength)}${error}`;
}
