// Draws the writing of a .bin file: a bar on a terminal, else a line per tensor.

import type { ExportEvent, ExportResult } from '@llama-ts/exporter';
import { SingleBar } from 'cli-progress';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** Where progress goes. */
export interface ProgressOptions {
  /** Prints a line of the report. */
  readonly line: (text: string) => void;
  /** Prints a warning. */
  readonly warn: (text: string) => void;
}

/** Runs an export or a quantization to its end and returns what it made. */
export async function showWriteProgress(
  events: AsyncGenerator<ExportEvent, ExportResult>,
  { line, warn }: ProgressOptions,
): Promise<ExportResult> {
  const bar = createBar();
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const event = next.value;
      if (event.type === 'warning') warn(visible(event.message));
      else if (event.type === 'tensor-start') bar?.start(event.count, event.index, { name: event.name });
      else if (bar === null) line(tensorLine(event));
      else bar.update(event.index + 1, { name: tensorLine(event) });
    }
  } finally {
    bar?.stop();
    await events.return(undefined as never);
  }
}

/** cli-progress draws on stderr; null where nobody watches. */
function createBar(): SingleBar | null {
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return null;
  return new SingleBar({ format: '{bar} {value}/{total} {name}', clearOnComplete: true, hideCursor: true });
}

function tensorLine({ name, index, count, byteLength, maxError }: Extract<ExportEvent, { type: 'tensor-end' }>) {
  const error = maxError === null ? '' : `  max error ${maxError.toFixed(8)}`;
  return `${index + 1}/${count}  ${name}  ${byteSize(byteLength)}${error}`;
}
