// Suggestions for a file that cannot be read or written.

import { shellQuote } from './shell-quote.js';

/** Remedies for a file, or with `rx` a folder, that the system does not let be read. */
export function readRemedies(path: string, cause: unknown, mode: 'r' | 'rx' = 'r'): string[] {
  return codeOf(cause) === 'EACCES'
    ? [`make it readable: chmod u+${mode} ${shellQuote(path)}`]
    : [`see what it is: ls -ld ${shellQuote(path)}`];
}

/** Remedies for a file that the system does not let be written. */
export function writeRemedies(path: string, cause: unknown): string[] {
  const folder = shellQuote(/^(.+)[/\\][^/\\]*$/.exec(path)?.[1] ?? (path.startsWith('/') ? '/' : '.'));
  switch (codeOf(cause)) {
    case 'ENOENT':
      return [`make its folder: mkdir -p ${folder}`];
    case 'EACCES':
      return [`make the folder writable: chmod u+w ${folder}`];
    default:
      return [];
  }
}

function codeOf(cause: unknown): string | undefined {
  return (cause as { code?: string } | null | undefined)?.code;
}
