// How far a batch is, on stderr: a line that is drawn over at a terminal, elsewhere a line now and then.

import type { SpeculationReport } from '@llama-ts/runtime';
import { createProgress } from '../progress.js';
import { isDrawable } from '../terminal.js';
import type { BatchResult } from './batch-result.js';

/** What there is to tell. */
export interface BatchProgress {
  /** Tokens generated since the start. */
  readonly nTokens: number;
  /** Of all drafts, with `--lookup`. */
  readonly speculation: SpeculationReport | undefined;
  readonly milliseconds: number;
  add(results: readonly BatchResult[]): void;
  stop(): void;
}

export interface BatchProgressOptions {
  readonly nLines: number;
  /** Of them, those that are there already. */
  readonly nDone: number;
  /** Tells a line, off a terminal. */
  readonly log: (line: string) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Between two lines: few enough for the log of a night. */
const LINE_MILLISECONDS = 10_000;

export function createBatchProgress({ nLines, nDone, log, now }: BatchProgressOptions): BatchProgress {
  const start = now();
  const line = isDrawable(process.stderr)
    ? createProgress({ total: nLines, start: nDone, amount: (count, total) => `${count} of ${total} lines` })
    : null;
  let toldAt = start;
  let nTokens = 0;
  let speculation: SpeculationReport | undefined;
  let done = nDone;

  return {
    get nTokens() {
      return nTokens;
    },
    get speculation() {
      return speculation;
    },
    get milliseconds() {
      return now() - start;
    },
    add(results) {
      done += results.length;
      for (const result of results) {
        nTokens += result.nTokens;
        if (result.speculation !== undefined) speculation = sumOf(speculation, result.speculation);
      }
      const speed = tokensPerSecond(nTokens, now() - start);
      line?.name(`${speed} tok/s`);
      line?.set(done);
      if (line !== null || done === nLines || now() - toldAt < LINE_MILLISECONDS) return;
      toldAt = now();
      log(`${done} of ${nLines} lines, ${speed} tok/s`);
    },
    stop: () => line?.stop(),
  };
}

function sumOf(a: SpeculationReport = { nDrafted: 0, nAccepted: 0 }, b: SpeculationReport): SpeculationReport {
  return { nDrafted: a.nDrafted + b.nDrafted, nAccepted: a.nAccepted + b.nAccepted };
}

/** Of all sequences together. */
export function tokensPerSecond(nTokens: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * nTokens) / milliseconds).toFixed(1) : '0.0';
}
