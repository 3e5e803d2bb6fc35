// Writes a verification as lines to read: findings, the worst tensors, the verdict.

import { describeCheck, isMeasured, type VerifyResult, verifyVerdict, withoutSubject } from '@llama-ts/evaluate';
import { type Column, fitTable } from '../terminal/fit-table.js';
import { visible } from '../terminal/terminal-safe.js';

const worstColumns: readonly Column[] = [
  { head: 'SNR dB', words: (cell) => `SNR ${cell} dB`, isNumber: true },
  { head: 'max error', isNumber: true },
  { head: 'RMSE', isNumber: true },
  { head: 'cosine', isNumber: true },
  { head: 'beyond', words: (cell) => `${cell} beyond`, isNumber: true },
  { head: 'worst group' },
];

/** Findings beyond these are counted: one damage can concern every tensor. */
const MAX_FINDINGS = 20;

/**
 * @param nWorst rows of the table of worst tensors
 * @param columns of the terminal
 */
export function verifyLines(result: VerifyResult, nWorst: number, columns: number): string[] {
  const broken = result.checks.filter(({ passed }) => !passed).map(describeCheck);
  const failures = [
    ...result.findings.map(({ code, message }) => `${withoutSubject(message, result.model.path)} [${code}]`),
    ...broken,
  ];
  const hidden = failures.length - MAX_FINDINGS;
  return [
    ...worstLines(result, nWorst, columns),
    ...failures.slice(0, MAX_FINDINGS).map((line) => `  ${line}`),
    ...(hidden > 0 ? [`  and ${hidden} more: --json has them all`] : []),
    verifyVerdict(result),
  ].map(visible);
}

/** Quantized tensors, the lowest signal-to-noise ratio first. */
function worstLines({ tensors }: VerifyResult, nWorst: number, columns: number): string[] {
  const measured = tensors.filter(isMeasured);
  if (measured.length === 0 || nWorst === 0) return [];
  const worst = measured.sort((a, b) => a.errors.snr - b.errors.snr).slice(0, nWorst);
  const title = `worst ${worst.length} of ${measured.length} quantized tensors`;
  const rows = worst.map(({ name, errors }) => {
    const { snr, maxError, rmse, cosine, beyond, worstGroup: at } = errors;
    return {
      name,
      cells: [
        snr.toFixed(2),
        maxError.toExponential(3),
        rmse.toExponential(3),
        cosine.toFixed(6),
        `${(100 * beyond).toFixed(2)} %`,
        at === null ? '' : `${at.group} (row ${at.row}, column ${at.column})`,
      ],
    };
  });
  return fitTable({ title, columns: worstColumns, rows, hasHeads: true }, columns);
}
