// A verification of the sample model and an evaluation to report on.

import { join } from 'node:path';
import type { ReportEvaluation, VerifyResult } from '@llama-ts/evaluate';
import { openKernels } from '@llama-ts/kernels';
import { sampleModelPath } from '@llama-ts/sample-model';
import { exportTo, verify, withFolder } from '../80-verify/support.js';

export { withFolder } from '../80-verify/support.js';

const verified = new Map<number, VerifyResult>();

/** Results of the sample model, quantized; made once. */
export async function verifySample(version: 2 | 3 = 2): Promise<VerifyResult> {
  const made = verified.get(version);
  if (made !== undefined) return made;
  return withFolder(async (folder) => {
    // The search for the scales of 4 bits takes a minute in plain TypeScript.
    const kernels = await openKernels();
    const model = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin'), version, kernels });
    const result = await verify({ model, against: sampleModelPath, kernels });
    await kernels.close();
    verified.set(version, result);
    return result;
  });
}

const estimate = (value: number) => ({ value, standardError: value / 50 });
const parts = Array.from({ length: 100 }, (_, i) => Math.abs(Math.sin(i)) / 100);

/** An object like the one of `llama eval --json`. */
export const evaluation: ReportEvaluation = {
  nTokens: 2000,
  perplexity: estimate(2.17),
  divergence: {
    baselinePerplexity: estimate(2.16),
    perplexityRatio: estimate(1.001),
    kl: { mean: estimate(0.0004), median: 0.0001, p95: 0.002, p999: 0.03, max: 0.05 },
    topAgreement: estimate(0.98),
  },
  along: { nll: parts.map((part) => 100 * part), kl: parts },
  worst: [
    {
      index: 7,
      before: 'Once upon a time,\n',
      token: ' there',
      nll: 3,
      top: ' was',
      baseline: { kl: 0.05, top: ' a' },
    },
    { index: 9, before: 'there was a', token: ' duck', nll: 2, top: ' cow', baseline: { kl: 0.04, top: ' cow' } },
  ],
  tokensPerSecond: 1234,
  baselineTokensPerSecond: 567,
};
