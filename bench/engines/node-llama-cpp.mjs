// Runs one workload on node-llama-cpp, installed outside this repository, and prints the measurement.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inSeconds, printMeasurement, promptTokens, readWorkload } from './workload.mjs';

const WARM_UP = { promptLength: 8, generateLength: 2 };
/** llama.cpp's own physical batch. */
const BATCH_TOKENS = 512;

const workload = readWorkload();
const entry = join(workload.program, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama } = await import(pathToFileURL(entry).href);

const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: 'error',
  maxThreads: workload.threads,
});
const model = await llama.loadModel({ modelPath: workload.model });
const context = await model.createContext({
  contextSize: Math.max(workload.promptLength + workload.generateLength, WARM_UP.promptLength + WARM_UP.generateLength),
  sequences: workload.sequences,
  batchSize: BATCH_TOKENS,
  threads: { ideal: workload.threads, min: workload.threads },
  flashAttention: true,
});
const sequences = Array.from({ length: workload.sequences }, () => context.getSequence());
if (workload.warmUp) {
  await run({ ...workload, ...WARM_UP });
  for (const sequence of sequences) await sequence.clearHistory();
}
printMeasurement(await run(workload));
// Disposing of a model takes longer than the system needs to take its memory back.
process.exit(0);

async function run({ promptLength, generateLength }) {
  const start = performance.now();
  const firstTokens = await Promise.all(
    sequences.map(async (sequence, i) => {
      const tokens = sequence.evaluate(promptTokens(promptLength, i), { temperature: 0, yieldEogToken: true });
      await tokens.next();
      return tokens;
    }),
  );
  const firstTokenAt = Date.now();
  const firstToken = performance.now();
  await Promise.all(
    firstTokens.map(async (tokens) => {
      for (let i = 1; i < generateLength; i++) await tokens.next();
    }),
  );
  return {
    firstTokenAt,
    promptSeconds: inSeconds(firstToken - start),
    generateSeconds: inSeconds(performance.now() - firstToken),
  };
}
