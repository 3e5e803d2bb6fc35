// Lines that are piped in.

import { decodeUtf8, stdinChunks } from '../input/read-stdin.js';
import type { LineSource } from './line-source.js';

const NEWLINE = 10;

/** Lines of stdin without their ends. The signal closes it. */
export function pipedLines(signal: AbortSignal): LineSource {
  const lines = readLines();
  return {
    isTerminal: false,
    canEdit: false,
    async next() {
      const { value, done } = await lines.next();
      return done === true ? { type: 'end' } : { type: 'line', text: value };
    },
    close() {
      process.stdin.destroy();
    },
  };

  async function* readLines(): AsyncGenerator<string, void> {
    let rest = Buffer.alloc(0);
    for await (const chunk of stdinChunks(signal)) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield decodeUtf8(rest.subarray(0, end)).replace(/\r$/, '');
        rest = rest.subarray(end + 1);
      }
    }
    if (rest.byteLength > 0) yield decodeUtf8(rest);
  }
}
