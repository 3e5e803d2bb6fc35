// The one error of the toolkit: a code to test, its kind, a message that says where, found and expected, and remedies.

import { type ErrorCode, type ErrorKind, errorKind } from './error-codes.js';

/** Marks a ToolkitError across bundles: two copies of this package are two classes, and one mark. */
const MARK = Symbol.for('llama-ts.toolkit-error');

/** Options of {@link ToolkitError}. */
export interface ToolkitErrorOptions {
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/**
 * A failure that the caller or the user can act on.
 *
 * @example throw new ToolkitError('BAD_VERSION', 'model.bin: version 3 at byte 4, expected 0, 1 or 2');
 */
export class ToolkitError extends Error {
  /** Stable, documented in docs/errors.md: `BAD_HEADER`, `HUB_GATED`, … */
  readonly code: ErrorCode;
  /** Whose failure it is. */
  readonly kind: ErrorKind;
  /** Remedies, most likely first; a command to type where there is one. */
  readonly suggestions: readonly string[];

  constructor(code: ErrorCode, message: string, options: ToolkitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ToolkitError';
    this.code = code;
    this.kind = errorKind(code);
    this.suggestions = options.suggestions ?? [];
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** Whether a value is a ToolkitError, whichever copy of this package made it. */
export function isToolkitError(error: unknown): error is ToolkitError {
  return error instanceof Error && (error as { [MARK]?: unknown })[MARK] === true;
}
