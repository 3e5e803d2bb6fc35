// The kernels' package as an installation has it: what is published, and no local build.

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { openKernels, probeBackends, startSha256 } from '@llama-ts/kernels';

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url));

/** What the tests call of an installed package. */
export interface Installed {
  readonly openKernels: typeof openKernels;
  readonly probeBackends: typeof probeBackends;
  readonly startSha256: typeof startSha256;
}

/** Installs into `folder`; returns where the package is. */
export function installKernels(folder: string): string {
  installPackage(folder, 'base', ['dist', 'package.json']);
  return installPackage(folder, 'kernels', ['dist', 'wasm', 'package.json']);
}

/** Copies parts of a package to where an installation has them; returns that folder. */
export function installPackage(folder: string, name: string, parts: readonly string[]): string {
  const target = join(folder, 'node_modules/@llama-ts', name);
  mkdirSync(target, { recursive: true });
  for (const part of parts) cpSync(join(packages, name, part), join(target, part), { recursive: true });
  return target;
}

/** Loads the package of {@link installKernels}, apart from the one the tests import by name. */
export async function loadInstalled(target: string): Promise<Installed> {
  return import(pathToFileURL(join(target, 'dist/index.js')).href);
}
