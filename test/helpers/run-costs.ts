// Runs scripts/fuzz/fuzz-costs.mjs: random inputs, and what each takes.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../scripts/fuzz/fuzz-costs.mjs', import.meta.url));

/** What became of the inputs: the exit status, the output, and how many were taken. */
export interface Costs {
  readonly status: number;
  readonly stdout: string;
  readonly nOk: number;
}

/** @param kind templates, schemas or patterns */
export function runCosts(kind: string, count: number): Promise<Costs> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, kind, String(count)], (error, stdout) => {
      const nOk = Number(/: .*?(\d+) ok/.exec(stdout)?.[1] ?? 0);
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, nOk });
    });
  });
}
