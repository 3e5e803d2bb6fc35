// The user's home folder, where there is one.

import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** The folder in HOME, else in the system's list of users; null without an absolute path in either. */
export function homeFolder(): string | null {
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const home = ask();
      if (isAbsolute(home)) return home;
    } catch {
      // A user whom the system does not know.
    }
  }
  return null;
}
