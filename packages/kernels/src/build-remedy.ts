// The command that compiles native kernels, where there is something to compile.

import { existsSync } from 'node:fs';

/** `npm run build` in a clone; nothing in an installed package, which holds no sources. */
export function buildRemedy(): string[] {
  return existsSync(new URL('../native', import.meta.url)) ? ['npm run build'] : [];
}
