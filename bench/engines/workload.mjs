// What the engines' programs share: the workload they are given, the prompt, and how they report.

/** Ids below this are ordinary tokens of Llama 3.2; the first special one begins a text. */
const BEGIN_OF_TEXT = 128000;
/** A prime step visits tokens all over the embedding table. */
const TOKEN_STEP = 7919;

/**
 * The workload, JSON in the first argument (see engine.ts).
 *
 * @returns {import('./engine.js').Workload}
 */
export function readWorkload() {
  return JSON.parse(process.argv[2]);
}

/** A prompt of `length` token ids; `sequence` makes those of a batch differ. */
export function promptTokens(length, sequence = 0) {
  const ordinary = (i) => ((i + 1) * TOKEN_STEP + sequence * 104729) % BEGIN_OF_TEXT;
  return Array.from({ length }, (_, i) => (i === 0 ? BEGIN_OF_TEXT : ordinary(i)));
}

export function inSeconds(milliseconds) {
  return milliseconds / 1000;
}

/** Reports to the harness: one line of JSON on standard output. */
export function printMeasurement({ promptSeconds, generateSeconds, firstTokenAt }, details = {}) {
  const peakResidentBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ promptSeconds, generateSeconds, firstTokenAt, peakResidentBytes, ...details }));
}
