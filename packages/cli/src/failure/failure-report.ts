// The report of a failure that the user sees.

import type { ErrorCode } from '@llama-ts/base';

/** A failure as `--json` prints it. */
export interface FailureReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly suggestions: readonly string[];
}
