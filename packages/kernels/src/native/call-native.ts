// Turns errors of the addon into errors of the toolkit.

import { type ErrorCode, ToolkitError } from '@llama-ts/base';

/** The codes of native/addon/node-api.h. */
const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'BACKEND_UNSUPPORTED',
  'INTERNAL',
  'INVALID_ARGUMENT',
  'LIMIT_EXCEEDED',
]);

/** Calls the addon. @param what begins the message of an error @throws ToolkitError with the addon's code */
export function callNative<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && codes.has(cause.code as string))) throw cause;
    throw new ToolkitError(cause.code as ErrorCode, `${what}: ${cause.message}`, { cause });
  }
}
