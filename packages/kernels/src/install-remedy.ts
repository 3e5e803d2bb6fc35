// How to get what an installation lacks: another one for a package, a build in a checkout.

import { existsSync } from 'node:fs';

/** The script of a checkout, from dist/. No package holds it. */
const buildScript = new URL('../../../scripts/build-native.mjs', import.meta.url);

/** The command that brings a package, or builds it where this is a checkout of the sources. */
export function installRemedy(packageName: string): string {
  return existsSync(buildScript)
    ? 'build it, in the root of the repository: npm run build'
    : `install it: npm install ${packageName}`;
}
