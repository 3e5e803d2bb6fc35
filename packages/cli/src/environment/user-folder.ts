// The folders that the XDG Base Directory Specification gives programs, with what stands in for them elsewhere.

import { isAbsolute, join } from 'node:path';
import { homeFolder } from './home-folder.js';

const defaults = { XDG_CACHE_HOME: ['.cache'], XDG_STATE_HOME: ['.local', 'state'] } as const;

/**
 * This program's folder in the user's cache or state folder. A relative path in the variable is ignored, as the
 * specification demands: it would mean another folder in every working folder. null for a user without a home.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function userFolder(variable: keyof typeof defaults): string | null {
  const named = [process.env[variable], process.env.LOCALAPPDATA].find(
    (path) => path !== undefined && isAbsolute(path),
  );
  if (named !== undefined) return join(named, 'llama3.2.ts');
  const home = homeFolder();
  return home === null ? null : join(home, ...defaults[variable], 'llama3.2.ts');
}
