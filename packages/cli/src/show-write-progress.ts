// Draws the writing of a .bin file: a bar on a terminal, else a line per tensor.

import type { ExportEvent } from '@llama-ts/exporter';
import { type ProgressBar, progressBar } from './progress-bar.js';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** A command, which prints lines of its report and warnings. */
export interface Reporter {
  log(line: string): void;
  warn(warning: string): void;
}

/** Runs an export, a quantization or a conversion to its end and returns what it made. */
export async function showWriteProgress<Result>(
  events: AsyncGenerator<ExportEvent, Result>,
  reporter: Reporter,
): Promise<Result> {
  let bar: ProgressBar | null = null;
  let nFinished = 0;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const event = next.value;
      switch (event.type) {
        case 'warning':
          reporter.warn(visible(event.message));
          break;
        case 'write-start':
          bar = progressBar(event.byteLength);
          break;
        case 'tensor-start':
          bar?.name(event.name);
          break;
        case 'bytes-written':
          bar?.add(event.byteLength);
          break;
        case 'tensor-end':
          nFinished++;
          if (bar === null) reporter.log(tensorLine(event, nFinished));
          break;
      }
    }
  } finally {
    bar?.stop();
    await events.return(undefined as never);
  }
}

/** Tensors come in the order in which their source holds them, so they are counted. */
function tensorLine(event: Extract<ExportEvent, { type: 'tensor-end' }>, nFinished: number): string {
  const { name, count, byteLength, maxError } = event;
  const error = maxError === null ? '' : `  max error ${maxError.toFixed(8)}`;
  return `${nFinished}/${count}  ${name}  ${byteSize(byteLength)}${error}`;
}
