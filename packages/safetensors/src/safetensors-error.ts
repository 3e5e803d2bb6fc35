// The one error this package throws: a code to test, a message that says where, found and expected, and remedies.

/** Every code of {@link SafetensorsError}; the table in README.md says when each is thrown. */
export type SafetensorsErrorCode =
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
  | 'NOT_SAFETENSORS'
  | 'SAFETENSORS_HEADER'
  | 'SAFETENSORS_INDEX'
  | 'SAFETENSORS_TENSOR'
  | 'SAFETENSORS_TRUNCATED'
  | 'TENSOR_NOT_FOUND';

/** Options of {@link SafetensorsError}. */
export interface SafetensorsErrorOptions {
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/**
 * A failure the user can act on.
 *
 * @example
 * catch (error) { if (error instanceof SafetensorsError && error.code === 'SAFETENSORS_TRUNCATED') downloadAgain(); }
 */
export class SafetensorsError extends Error {
  readonly code: SafetensorsErrorCode;
  readonly suggestions: readonly string[];

  constructor(code: SafetensorsErrorCode, message: string, options: SafetensorsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SafetensorsError';
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }
}
