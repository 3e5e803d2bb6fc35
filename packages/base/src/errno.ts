// What the system calls an error.

/** The error number's name, such as `ENOENT`, or the empty string. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
