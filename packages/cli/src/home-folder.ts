// The user's home folder, where there is one.

import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** What HOME says, else the system's list of users; null where neither knows a path from the root. */
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
