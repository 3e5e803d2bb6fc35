// The engine alone, with the settings of `llama serve`.

import { createEngine, openModel } from '@llama-ts/runtime';
import { readSettings, serveParent } from './child.mjs';

const { model: path, threads, context, sequences } = readSettings();
const model = await openModel(path, { context, threads });
const engine = createEngine(model, { maxSequences: sequences });

serveParent(async (prompt, maxTokens, _index, onText) => {
  let nTokens = 0;
  for await (const event of engine.submit(prompt, { maxTokens, temperature: 0 })) {
    if (event.type === 'token') nTokens++;
    if (event.type === 'token' && event.text !== '') onText();
  }
  return nTokens;
});
