// Types of what TypeScript uses of workload.mjs.

/** A prompt of `length` token ids; `sequence` makes those of a batch differ. */
export function promptTokens(length: number, sequence?: number): number[];
