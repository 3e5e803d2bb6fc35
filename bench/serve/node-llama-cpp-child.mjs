// llama.cpp through node-llama-cpp, without a server: its contexts' sequences keep what they have of a prompt.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSettings, serveParent } from './child.mjs';

/** llama.cpp's own physical batch. */
const BATCH_TOKENS = 512;

const { program, model: path, threads, context: contextSize, sequences: nSequences } = readSettings();
const { getLlama } = await import(pathToFileURL(join(program, 'node_modules/node-llama-cpp/dist/index.js')).href);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: 'error',
  maxThreads: threads,
});
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({
  contextSize,
  sequences: nSequences,
  batchSize: BATCH_TOKENS,
  threads: { ideal: threads, min: threads },
  flashAttention: true,
});
const sequences = Array.from({ length: nSequences }, () => context.getSequence());

serveParent(async (prompt, maxTokens, index, onText) => {
  const sequence = sequences[index];
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  const rest = prompt.slice(sequence.nextTokenIndex);
  let nTokens = 0;
  for await (const _ of sequence.evaluate(rest, { temperature: 0, yieldEogToken: true })) {
    onText();
    if (++nTokens === maxTokens) break;
  }
  return nTokens;
});
