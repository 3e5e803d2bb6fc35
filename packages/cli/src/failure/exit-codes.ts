// Exit codes: one for each kind of failure, as docs/errors.md lists them.

import { type ErrorCode, type ErrorKind, errorKind } from '@llama-ts/base';

/** Exit code of each kind of failure. */
export const exitCodes = {
  success: 0,
  usage: 2,
  input: 3,
  gateFailed: 3,
  network: 4,
  authorisation: 5,
  disk: 6,
  limit: 7,
  internal: 8,
} as const satisfies Record<Exclude<ErrorKind, 'ended'>, number> & Record<string, number>;

/** Exit codes of what ends a command from outside: 128 and the signal's number, and success for a closed pipe. */
const endedCodes: Partial<Record<ErrorCode, number>> = {
  BROKEN_PIPE: 0,
  HUNG_UP: 129,
  INTERRUPTED: 130,
  TERMINATED: 143,
};

/** Exit code for the code of a ToolkitError. */
export function exitCodeOf(code: ErrorCode): number {
  const kind = errorKind(code);
  return kind === 'ended' ? (endedCodes[code] ?? exitCodes.success) : exitCodes[kind];
}
