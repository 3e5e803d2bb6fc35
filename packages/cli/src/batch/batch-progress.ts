// How far a batch is, on stderr: a bar at a terminal, elsewhere a line now and then.

import { SingleBar } from 'cli-progress';
import type { BatchResult } from './batch-result.js';

/** What there is to tell. */
export interface BatchProgress {
  /** Tokens generated since the start. */
  readonly nTokens: number;
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
  const bar = createBar();
  bar?.start(nLines, nDone, { speed: '0.0' });
  let toldAt = start;
  let nTokens = 0;
  let done = nDone;

  return {
    get nTokens() {
      return nTokens;
    },
    get milliseconds() {
      return now() - start;
    },
    add(results) {
      done += results.length;
      for (const result of results) nTokens += result.nTokens;
      const speed = tokensPerSecond(nTokens, now() - start);
      bar?.update(done, { speed });
      if (bar !== null || done === nLines || now() - toldAt < LINE_MILLISECONDS) return;
      toldAt = now();
      log(`${done} of ${nLines} lines, ${speed} tok/s`);
    },
    stop: () => bar?.stop(),
  };
}

/** Of all sequences together. */
export function tokensPerSecond(nTokens: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * nTokens) / milliseconds).toFixed(1) : '0.0';
}

function createBar(): SingleBar | null {
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return null;
  const format = '{bar} {value}/{total} lines, {speed} tok/s, {eta_formatted} left';
  return new SingleBar({ format, clearOnComplete: true, hideCursor: true });
}
