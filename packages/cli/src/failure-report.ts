// What the user is told of a failure.

/** A failure as `--json` prints it. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}
