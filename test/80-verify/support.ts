// Models, verifications and seeded randomness for the tests of verify.

import { type VerifyOptions, type VerifyResult, verifyModel } from '@llama-ts/evaluate';
import { type ExportOptions, exportModel, quantizeModel } from '@llama-ts/exporter';
import { openKernels } from '@llama-ts/kernels';
import { finish } from '../helpers/generators.js';
import { seededRandom } from '../helpers/random-text.js';

export { golden } from '../helpers/golden.js';
export { withFolder } from '../helpers/scratch-folder.js';
export { finish };

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

/** Whole numbers below a bound, the same ones in every run. */
export function seededIntegers(seed: number): (bound: number) => number {
  const random = seededRandom(seed);
  return (bound) => Math.floor(random() * bound);
}
