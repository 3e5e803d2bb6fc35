// Errors of the addon as errors of the toolkit.
import { type KernelsErrorCode, ToolkitError } from '../toolkit-error.js';

/** Those that native/addon/node-api.h gives. */
const codes: ReadonlySet<string> = new Set<KernelsErrorCode>([
  'BACKEND_UNSUPPORTED',
  'INTERNAL',
  'INVALID_ARGUMENT',
  'LIMIT_EXCEEDED',
]);

/** Calls the addon; `what` starts the message of an error. @throws ToolkitError of the addon's code */
export function callNative<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && codes.has(cause.code as string))) throw cause;
    throw new ToolkitError(cause.code as KernelsErrorCode, `${what}: ${cause.message}`, { cause });
  }
}
