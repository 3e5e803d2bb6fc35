// The progress of a batch, on stderr: at a terminal a line that is drawn over, elsewhere a line every ten seconds.

import type { SpeculationReport } from '@llama-ts/runtime';
import { createProgress } from '../progress/progress.js';
import { isDrawable } from '../terminal/terminal.js';
import type { BatchResult } from './batch-result.js';

/** Progress so far. */
export interface BatchProgress {
  /** Tokens generated since the start. */
  readonly nTokens: number;
  /** Draft statistics of all requests, with `--lookup`. */
  readonly speculation: SpeculationReport | undefined;
  readonly milliseconds: number;
  add(results: readonly BatchResult[]): void;
  stop(): void;
}

export interface BatchProgressOptions {
  readonly nLines: number;
  /** Requests that have a result already. */
  readonly nDone: number;
  /** Writes a line when stderr is not a terminal. */
  readonly log: (line: string) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Time between two lines: few enough for the log of a night. */
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

/** Tokens per second of all sequences together, as text. */
export function tokensPerSecond(nTokens: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * nTokens) / milliseconds).toFixed(1) : '0.0';
}
