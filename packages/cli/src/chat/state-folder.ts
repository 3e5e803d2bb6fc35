// Where chat keeps its history and transcripts: the user's folder for state.

import { userFolder } from '../environment/user-folder.js';

/** Folders that hold what users wrote are theirs alone. */
export const PRIVATE_FOLDER = 0o700;
/** So are such files. */
export const PRIVATE_FILE = 0o600;

/** null for a user without a home. It is made when something is written to it. */
export function stateFolder(): string | null {
  return userFolder('XDG_STATE_HOME');
}
