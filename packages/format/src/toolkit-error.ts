// The one error shape of the toolkit: a code to test, a message that says where, found and expected, and remedies.

/** A failure the user can act on. Packages without dependencies throw their own class of the same shape. */
export interface ToolkitErrorShape extends Error {
  /** Stable, documented in docs/errors.md: `BAD_HEADER`, `HUB_GATED`, … */
  readonly code: string;
  /** Remedies, most likely first; a command to type where there is one. */
  readonly suggestions: readonly string[];
}

/** Options of {@link ToolkitError}. */
export interface ToolkitErrorOptions {
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An error with a code and remedies.
 *
 * @example throw new ToolkitError('BAD_VERSION', 'model.bin: version 3 at byte 4, expected 0, 1 or 2');
 */
export class ToolkitError extends Error implements ToolkitErrorShape {
  readonly code: string;
  readonly suggestions: readonly string[];

  constructor(code: string, message: string, options: ToolkitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ToolkitError';
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }
}

/** Whether a value is an error of the toolkit's shape, whichever package threw it. */
export function isToolkitError(error: unknown): error is ToolkitErrorShape {
  return (
    error instanceof Error &&
    typeof (error as Partial<ToolkitErrorShape>).code === 'string' &&
    Array.isArray((error as Partial<ToolkitErrorShape>).suggestions)
  );
}
