// The kernels' package as an installation has it: what is published, and no local build.

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { openKernels, probeBackends, startSha256 } from '@llama-ts/kernels';

const source = fileURLToPath(new URL('../../../packages/kernels/', import.meta.url));

/** What the tests call of an installed package. */
export interface Installed {
  readonly openKernels: typeof openKernels;
  readonly probeBackends: typeof probeBackends;
  readonly startSha256: typeof startSha256;
}

/** Installs into `folder`; returns where the package is. */
export function installKernels(folder: string): string {
  const target = join(folder, 'node_modules/@llama-ts/kernels');
  mkdirSync(target, { recursive: true });
  for (const part of ['dist', 'wasm', 'package.json'])
    cpSync(join(source, part), join(target, part), { recursive: true });
  return target;
}

/** Loads the package of {@link installKernels}, apart from the one the tests import by name. */
export async function loadInstalled(target: string): Promise<Installed> {
  return import(pathToFileURL(join(target, 'dist/index.js')).href);
}
