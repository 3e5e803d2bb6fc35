// Where chat keeps its history and transcripts: the user's folder for state.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folders that hold what users wrote are theirs alone. */
export const PRIVATE_FOLDER = 0o700;
/** So are such files. */
export const PRIVATE_FILE = 0o600;

/** @see https://specifications.freedesktop.org/basedir-spec/latest/ */
export function stateFolder(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env;
  return join(XDG_STATE_HOME || LOCALAPPDATA || join(homedir(), '.local', 'state'), 'llama3.2.ts');
}
