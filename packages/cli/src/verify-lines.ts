// Writes a verification as lines to read: findings, the worst tensors, the verdict.

import { describeCheck, type TensorVerdict, type VerifyResult, verifyVerdict } from '@llama-ts/evaluate';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** Findings beyond these are counted: one damage can concern every tensor. */
const MAX_FINDINGS = 20;

/** A tensor that was measured. */
type Measured = TensorVerdict & { readonly errors: NonNullable<TensorVerdict['errors']> };

/** @param nWorst rows of the table of worst tensors */
export function verifyLines(result: VerifyResult, nWorst: number): string[] {
  const broken = result.checks.filter(({ passed }) => !passed).map(describeCheck);
  const failures = [...result.findings.map(({ code, message }) => `${message} [${code}]`), ...broken];
  const hidden = failures.length - MAX_FINDINGS;
  return [
    headLine(result),
    ...worstLines(result, nWorst),
    ...failures.slice(0, MAX_FINDINGS).map((line) => `  ${line}`),
    ...(hidden > 0 ? [`  and ${hidden} more: --json has them all`] : []),
    verifyVerdict(result),
  ].map(visible);
}

function headLine({ model, against }: VerifyResult): string {
  const { path, byteLength, version, groupSize } = model;
  const format = version === null ? '' : `: v${version}${groupSize === null ? '' : `, group size ${groupSize}`}`;
  return `${path}${format}, ${byteSize(byteLength)}${against === null ? '' : `, against ${against.name}`}`;
}

/** Quantized tensors, the lowest signal-to-noise ratio first. */
function worstLines({ tensors }: VerifyResult, nWorst: number): string[] {
  const measured = tensors.filter((tensor): tensor is Measured => tensor.errors !== null && tensor.dtype === 'Q8_0');
  if (measured.length === 0 || nWorst === 0) return [];
  const worst = measured.sort((a, b) => a.errors.snr - b.errors.snr).slice(0, nWorst);
  const width = Math.max(...worst.map(({ name }) => name.length));
  return [
    `${`worst ${worst.length} of ${measured.length} quantized tensors`.padEnd(width + 2)}  SNR dB  max error       RMSE    cosine   beyond  worst group`,
    ...worst.map(({ name, errors }) => {
      const { snr, maxError, rmse, cosine, beyond, worstGroup: at } = errors;
      const figures = [
        snr.toFixed(2).padStart(6),
        maxError.toExponential(3).padStart(9),
        rmse.toExponential(3).padStart(9),
        cosine.toFixed(6),
        `${(100 * beyond).toFixed(2)} %`.padStart(7),
      ];
      const place = at === null ? '' : `${at.group} (row ${at.row}, column ${at.column})`;
      return `  ${name.padEnd(width)}  ${figures.join('  ')}  ${place}`;
    }),
  ];
}
