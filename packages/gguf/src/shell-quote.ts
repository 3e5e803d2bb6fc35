// Names for a command line that somebody is to type, and what to type when a file cannot be written.

import { dirname } from 'node:path';

/** Characters that no shell gives a meaning. */
const PLAIN = /^[\w./,:@%+-][\w./,:=@%+-]*$/;

/** A name as one word of a shell: as it is, or in quotes. The twin of shellQuote in @llama-ts/format. */
export function shellQuote(name: string, platform: string = process.platform): string {
  const path = name.startsWith('-') ? `./${name}` : name;
  if (platform === 'win32') return /^[\w./\\,:@+-]+$/.test(path) ? path : `"${path}"`;
  return PLAIN.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Remedies for a file that the system does not let be written. */
export function writeRemedies(path: string, cause: unknown): string[] {
  const folder = shellQuote(dirname(path));
  switch ((cause as NodeJS.ErrnoException | null)?.code) {
    case 'ENOENT':
      return [`make its folder: mkdir -p ${folder}`];
    case 'EACCES':
      return [`let yourself write there: chmod u+w ${folder}`];
    default:
      return [];
  }
}
