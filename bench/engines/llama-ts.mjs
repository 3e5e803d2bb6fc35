// Runs one workload on this toolkit through its public API and prints the measurement. Plain JavaScript: a loader for
// TypeScript would be part of the time to the first token.

import { generate, openModel } from '@llama-ts/runtime';
import { inSeconds, printMeasurement, promptTokens, readWorkload } from './workload.mjs';

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
if (workload.warmUp) await runOne({ ...workload, ...WARM_UP });
printMeasurement(await runOne(workload), { backend: model.backend });
await model.close();

/** One sequence through `generate`. */
async function runOne({ promptLength, generateLength }) {
  const start = performance.now();
  let firstToken = 0;
  let firstTokenAt = 0;
  let lastToken = 0;
  const options = { temperature: 0, maxTokens: generateLength };
  // The bundled sample model has fewer tokens than Llama 3.2.
  const prompt = promptTokens(promptLength).map((id) => id % model.header.dimensions.vocabSize);
  for await (const event of generate(model, prompt, options)) {
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
