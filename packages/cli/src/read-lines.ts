// The lines a user types at a readable prompt, or those that are piped in.

import { createInterface } from 'node:readline';
import { decodeUtf8 } from './read-stdin.js';

const PROMPT = '> ';
const NEWLINE = 10;

/** Options of {@link readLines}. */
export interface ReadLinesOptions {
  /** Ctrl-C while the terminal is being read, where it is no signal. */
  readonly onInterrupt: () => void;
  readonly signal: AbortSignal;
}

/**
 * Lines of stdin without their ends, until it ends.
 *
 * @throws ToolkitError `BAD_PROMPT` for bytes that are not UTF-8; the signal's reason
 */
export async function* readLines(options: ReadLinesOptions): AsyncGenerator<string> {
  const lines = process.stdin.isTTY ? typedLines(options) : pipedLines(options.signal);
  for await (const line of lines) {
    options.signal.throwIfAborted();
    yield line;
  }
  options.signal.throwIfAborted();
}

/** The prompt goes to stderr, so that stdout holds the answers only. */
async function* typedLines({ onInterrupt, signal }: ReadLinesOptions): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: PROMPT });
  const close = (): void => lines.close();
  lines.on('SIGINT', onInterrupt);
  signal.addEventListener('abort', close);
  try {
    lines.prompt();
    for await (const line of lines) {
      yield line;
      lines.prompt();
    }
  } finally {
    signal.removeEventListener('abort', close);
    lines.close();
  }
}

async function* pipedLines(signal: AbortSignal): AsyncGenerator<string> {
  const close = (): void => void process.stdin.destroy();
  signal.addEventListener('abort', close);
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of process.stdin) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield decodeUtf8(rest.subarray(0, end)).replace(/\r$/, '');
        rest = rest.subarray(end + 1);
      }
    }
    if (rest.byteLength > 0) yield decodeUtf8(rest);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}
