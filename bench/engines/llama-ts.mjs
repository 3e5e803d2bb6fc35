// Runs one workload on this toolkit through its public API and prints the measurement. Plain JavaScript: a loader for
// TypeScript would be part of the time to the first token.

import { generate, openModel } from '@llama-ts/runtime';
import { greedyToken, inSeconds, printMeasurement, promptTokens, readWorkload } from './workload.mjs';

const WARM_UP = { promptLength: 8, generateLength: 2 };

const workload = readWorkload();
const model = await openModel(workload.model, {
  context: Math.max(workload.promptLength + workload.generateLength, WARM_UP.promptLength + WARM_UP.generateLength),
  threads: workload.threads,
  map: workload.map,
  ...(workload.backend === undefined ? {} : { backend: workload.backend }),
  // Without end tokens every run generates as many tokens as asked.
  settings: { eosIds: [] },
});
const run = workload.sequences === 1 ? runOne : runBatch;
if (workload.warmUp) await run({ ...workload, ...WARM_UP });
printMeasurement(await run(workload), { backend: model.backend });
await model.close();

/** One sequence through `generate`. */
async function runOne({ promptLength, generateLength }) {
  const start = performance.now();
  let firstToken = 0;
  let firstTokenAt = 0;
  let lastToken = 0;
  const options = { temperature: 0, maxTokens: generateLength };
  for await (const event of generate(model, promptTokens(promptLength), options)) {
    if (event.type !== 'token') continue;
    lastToken = performance.now();
    if (firstToken !== 0) continue;
    firstToken = lastToken;
    firstTokenAt = Date.now();
  }
  return {
    firstTokenAt,
    promptSeconds: inSeconds(firstToken - start),
    generateSeconds: inSeconds(lastToken - firstToken),
  };
}

/** Sequences side by side, one token of each a pass. */
async function runBatch({ promptLength, generateLength, sequences }) {
  const caches = Array.from({ length: sequences }, () => model.createCache());
  const { vocabSize } = model.header.dimensions;
  const argmaxPerRow = (logits) =>
    caches.map((_, row) => greedyToken(logits.subarray(row * vocabSize, (row + 1) * vocabSize)));
  const start = performance.now();
  const prompts = caches.map((cache, i) => ({ cache, position: 0, tokens: promptTokens(promptLength, i) }));
  let tokens = argmaxPerRow(await model.forward(prompts));
  const firstTokenAt = Date.now();
  const firstToken = performance.now();
  for (let i = 1; i < generateLength; i++) {
    const position = promptLength + i - 1;
    tokens = argmaxPerRow(await model.forward(caches.map((cache, s) => ({ cache, position, tokens: [tokens[s]] }))));
  }
  return {
    firstTokenAt,
    promptSeconds: inSeconds(firstToken - start),
    generateSeconds: inSeconds(performance.now() - firstToken),
  };
}
