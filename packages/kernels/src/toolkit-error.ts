// The one error this package throws: a code to test, a message that says where, found and expected, and remedies.

/** Every code of this package; the table in README.md says when each is thrown. */
export type KernelsErrorCode =
  | 'BACKEND_UNAVAILABLE'
  | 'BACKEND_UNSUPPORTED'
  | 'FILE_SHRANK'
  | 'FILE_UNREADABLE'
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
  | 'MODEL_TOO_LARGE_FOR_WASM'
  | 'NON_FINITE';

/** Options of {@link ToolkitError}. */
export interface ToolkitErrorOptions {
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/**
 * A failure the caller or the user can act on.
 *
 * @example throw new ToolkitError('INVALID_ARGUMENT', 'rmsNorm: weight has 63 elements, expected 64');
 */
export class ToolkitError extends Error {
  readonly code: KernelsErrorCode;
  readonly suggestions: readonly string[];

  constructor(code: KernelsErrorCode, message: string, options: ToolkitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ToolkitError';
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }
}
