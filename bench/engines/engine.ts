// What an engine is to the harness, and what the programs under this folder are given.

import type { BenchCase } from '../cases.js';
import type { ModelFiles } from '../model/prepare-files.js';

/** The first argument of an engine's program, as JSON. */
export interface Workload {
  /** Where a peer is installed. */
  readonly program?: string;
  /** The model file. */
  readonly model: string;
  readonly threads: number;
  readonly backend?: string;
  /** false reads this toolkit's model into memory, as repacking peers do. */
  readonly map?: boolean;
  readonly promptLength: number;
  /** Tokens to generate, the one that ends the prefill included. */
  readonly generateLength: number;
  readonly sequences: number;
  /** Run a few tokens first, outside the measurement. */
  readonly warmUp: boolean;
}

/** One run of one case; fields that do not apply to its kind are absent. */
export interface Sample {
  readonly tokensPerSecond?: number;
  readonly firstTokenSeconds?: number;
  readonly peakResidentBytes?: number;
  /** Of `batch-N` and the lookups: how many times as fast as plain decoding of one. */
  readonly timesPlain?: number;
  /** Of `join-N`: the most that was added to the time between two tokens, and the median. */
  readonly delayMilliseconds?: number;
  readonly medianDelayMilliseconds?: number;
  /** The backend of this toolkit. */
  readonly backend?: string;
}

/** An engine: each run is a fresh process. */
export interface Engine {
  readonly name: string;
  supports(benchCase: BenchCase): boolean;
  run(benchCase: BenchCase, threads: number, files: ModelFiles): Promise<Sample>;
}
