// The one error this package throws: a code to test, a message that says where, found and expected, and remedies.

/** Every code of {@link GgufError}; the table in README.md says when each is thrown. */
export type GgufErrorCode = 'FILE_UNWRITABLE' | 'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED' | 'NON_FINITE';

/** Options of {@link GgufError}. */
export interface GgufErrorOptions {
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/**
 * A failure the user can act on.
 *
 * @example
 * catch (error) { if (error instanceof GgufError && error.code === 'FILE_UNWRITABLE') freeSomeSpace(); }
 */
export class GgufError extends Error {
  readonly code: GgufErrorCode;
  readonly suggestions: readonly string[];

  constructor(code: GgufErrorCode, message: string, options: GgufErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GgufError';
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }
}
