// Names for a command line that somebody is to type.

/** Characters that no shell gives a meaning. */
const PLAIN = /^[\w./,:@%+-][\w./,:=@%+-]*$/;

/**
 * A name as one word of a shell: as it is, or in quotes. A name like a flag gets its folder before it.
 *
 * @param platform Windows quotes by double quotes alone. Default the platform this runs on
 * @example shellQuote("it's.bin") // 'it'\''s.bin'
 */
export function shellQuote(name: string, platform: string = process.platform): string {
  const path = name.startsWith('-') ? `./${name}` : name;
  if (platform === 'win32') return /^[\w./\\,:@+-]+$/.test(path) ? path : `"${path}"`;
  return PLAIN.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** The command that makes a damaged .bin file again, of the same version. */
export function exportAgain(path: string, version?: number): string {
  return `llama export ${shellQuote(path)} --hf REPO_OR_DIR${version === 2 ? ' --version 2' : ''} --force`;
}
