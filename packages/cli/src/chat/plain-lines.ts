// Lines typed at a terminal that takes no escapes: its own line editing, and prompts.

import type { LineSource } from './line-source.js';
import { pipedLines } from './piped-lines.js';

/** Lines of stdin, asked for on stderr. The signal closes it. */
export function plainLines(signal: AbortSignal): LineSource {
  const lines = pipedLines(signal);
  return {
    isTerminal: true,
    canEdit: false,
    next(request) {
      process.stderr.write(request.prompt);
      return lines.next(request);
    },
    close: () => lines.close(),
  };
}
