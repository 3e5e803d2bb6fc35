// Models, verifications and seeded randomness for the tests of verify.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type VerifyOptions, type VerifyResult, verifyModel } from '@llama-ts/evaluate';
import { type ExportOptions, exportModel, quantizeModel } from '@llama-ts/exporter';
import { openKernels } from '@llama-ts/kernels';

const goldens = fileURLToPath(new URL('../fixtures/golden', import.meta.url));

/** Path in the folder of goldens. */
export const golden = (...parts: string[]): string => join(goldens, ...parts);

/** A folder that lives for one test. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-verify-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a generator to its end. */
export async function finish<E, R>(generator: AsyncGenerator<E, R>): Promise<R> {
  let next = await generator.next();
  while (next.done !== true) next = await generator.next();
  return next.value;
}

/** No threads: hundreds of small files are verified here, and starting them would take most of the time. */
const reference = await openKernels({ backend: 'reference' });

/** Verifies without threads. */
export function verify(options: VerifyOptions): Promise<VerifyResult> {
  return finish(verifyModel({ kernels: reference, ...options }));
}

/** Exports without threads. */
export async function exportTo(options: ExportOptions): Promise<string> {
  await finish(exportModel({ kernels: reference, ...options }));
  return options.output;
}

/** Quantizes without threads. */
export async function quantizeTo(input: string, output: string, groupSize?: number): Promise<string> {
  await finish(quantizeModel({ kernels: reference, input, output, groupSize }));
  return output;
}

/** Whole numbers below a bound, the same ones at every run. @see Numerical Recipes, ranqd1 */
export function seededIntegers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
