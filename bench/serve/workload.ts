// What is measured of a server and of engines: prompts answered at once, and when their texts came.

/** Prompts of token ids, sent at the same moment. */
export interface Workload {
  readonly prompts: readonly (readonly number[])[];
  /** New tokens of each. */
  readonly maxTokens: number;
}

/** One answer, in milliseconds since the prompts were sent. */
export interface Timing {
  /** When its first text came. */
  readonly first: number;
  readonly end: number;
  readonly nTokens: number;
}

/** Something that answers. */
export interface Target {
  readonly name: string;
  measure(workload: Workload): Promise<readonly Timing[]>;
  close(): Promise<void>;
}

/** Tokens per second of all answers together. */
export function speedOf(timings: readonly Timing[]): number {
  const nTokens = timings.reduce((sum, timing) => sum + timing.nTokens - 1, 0);
  const first = Math.min(...timings.map((timing) => timing.first));
  const end = Math.max(...timings.map((timing) => timing.end));
  return (1000 * nTokens) / (end - first);
}

/** The mean time until the first text. */
export function firstOf(timings: readonly Timing[]): number {
  return timings.reduce((sum, { first }) => sum + first, 0) / timings.length;
}
