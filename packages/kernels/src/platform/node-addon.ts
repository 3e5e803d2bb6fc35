// The functions of Node that the native kernels need: its loader of addons, its architecture, its largest buffer.

import { constants } from 'node:buffer';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** The processor's architecture, such as `x64`. */
export const architecture: string = process.arch;

/** Bytes of the largest ArrayBuffer. */
export const MAX_BUFFER_BYTES = constants.MAX_LENGTH;

/** The addon that a checkout of the sources builds, from dist/. */
export const localAddon = fileURLToPath(new URL('../build/Release/llama_kernels.node', import.meta.url));

/** The script of a checkout, from dist/. No package holds it. */
const buildScript = new URL('../../../scripts/build/build-native.mjs', import.meta.url);

/** Loads an addon by its path or by the name of its package. Throws where it is not there or does not fit this system. */
export function loadAddonFile(name: string): unknown {
  return require(name);
}

/** The package with the addon for this system. */
export function platformPackage(): string {
  const { platform, arch } = process;
  return `@llama-ts/kernels-${platform}-${arch}${platform === 'linux' ? (isMusl() ? '-musl' : '-glibc') : ''}`;
}

/** The command that brings a package, or builds it where this is a checkout of the sources. */
export function installRemedy(packageName: string): string {
  return existsSync(buildScript)
    ? 'build it, in the root of the repository: npm run build'
    : `install it: npm install ${packageName}`;
}

function isMusl(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}
