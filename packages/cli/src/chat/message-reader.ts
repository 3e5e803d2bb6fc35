// Joins the lines of a message: a backslash at a line's end continues it on the next, and """ opens and closes a block.

import { ToolkitError } from '@llama-ts/base';

/** Takes lines and gives messages. */
export interface MessageReader {
  /** Whether a message has begun and wants more lines. */
  readonly isOpen: boolean;
  /** A message, perhaps a command, once it is whole; null while it is not. */
  push(line: string): string | null;
  /** Forgets what has begun. */
  reset(): void;
  /**
   * The name of the block that is not finished when the lines end, or null. @throws ToolkitError `BAD_PROMPT` within a block
   */
  end(): string | null;
}

const FENCE = '"""';
/** A block may follow a command, as in `/system """`. */
const OPENING = /^(\/\S+\s+)?"""(.*)$/s;

export function createMessageReader(): MessageReader {
  let lines: string[] = [];
  /** Text before the block that is open, or null outside of blocks. */
  let prefix: string | null = null;

  const finish = (last: string): string => {
    const message = (prefix ?? '') + [...lines, last].join('\n');
    reset();
    return message;
  };
  function reset(): void {
    lines = [];
    prefix = null;
  }

  return {
    get isOpen() {
      return prefix !== null || lines.length > 0;
    },
    push(line) {
      if (prefix === null && lines.length === 0) {
        const [opened, command = '', rest = ''] = OPENING.exec(line) ?? [];
        if (opened !== undefined) {
          prefix = command;
          if (rest === '') return null;
          return pushToBlock(rest);
        }
      }
      if (prefix !== null) return pushToBlock(line);
      if (!line.endsWith('\\')) return finish(line);
      lines.push(line.slice(0, -1));
      return null;
    },
    reset,
    end() {
      if (prefix !== null) {
        throw new ToolkitError('BAD_PROMPT', `the input ends within a ${FENCE} block, expected ${FENCE} to close it`);
      }
      return lines.length === 0 ? null : finish(lines.pop()!);
    },
  };

  function pushToBlock(line: string): string | null {
    if (!line.trimEnd().endsWith(FENCE)) {
      lines.push(line);
      return null;
    }
    const last = line.trimEnd().slice(0, -FENCE.length);
    // A fence on a line of its own adds no line.
    return last === '' && lines.length > 0 ? finish(lines.pop()!) : finish(last);
  }
}
