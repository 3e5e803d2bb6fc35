// A process that does cases one after the other, each by its seed, and says what each came to and took. Its parent is
// scripts/fuzz/fuzz-costs.mjs.

import { readFileSync, writeFileSync } from 'node:fs';
import { peakMegabytes } from '../../../test/helpers/peak-memory.mjs';
import { randomPattern, randomSchema } from './random-constraint.mjs';
import { randomTemplate } from './random-template.mjs';

const root = new URL('../../../', import.meta.url);
const { createTokenizer, jsonSchema, regex, renderChat } = await import(
  new URL('packages/runtime/dist/index.js', root).href
);
const { readTokenizerJson } = await import(new URL('packages/exporter/dist/index.js', root).href);

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = [{ type: 'function', function: { name: 'weather', description: 'Tells the weather', parameters } }];
const messages = [
  { role: 'user', content: 'Hello 😀 a b\nab <|eot_id|>' },
  { role: 'assistant', content: 'Good day.' },
  { role: 'user', content: 'What is new?' },
];

const works = {
  templates() {
    const file = new URL('packages/sample-model/model/tokenizer.json', root);
    const tokenizer = createTokenizer(readTokenizerJson(readFileSync(file), 'tokenizer.json'));
    return (seed) => {
      const template = randomTemplate(seed);
      return () => renderChat(tokenizer, template, messages, { tools, today: new Date(2024, 6, 6) });
    };
  },
  schemas: () => (seed) => {
    const schema = randomSchema(seed);
    return () => jsonSchema(schema);
  },
  patterns: () => (seed) => {
    const pattern = randomPattern(seed);
    return () => regex(pattern);
  },
};
const prepare = works[process.argv[2]]();

/** The peak begins anew. @see proc(5), clear_refs */
function forgetPeak() {
  globalThis.gc?.();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Where the system does not do that, the peak is that of all cases so far, which is no less.
  }
}

process.on('message', (seed) => {
  const run = prepare(seed);
  forgetPeak();
  const start = process.cpuUsage();
  const startedAt = performance.now();
  let end = 'ok';
  try {
    run();
  } catch (error) {
    end = error?.code ?? `${error?.stack}`;
  }
  const { user, system } = process.cpuUsage(start);
  process.send({ end, ms: (user + system) / 1000, wallMs: performance.now() - startedAt, megabytes: peakMegabytes() });
});
