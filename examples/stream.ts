// Streams a story from a .bin file and stops after two seconds, or at Ctrl-C: the public API in one page.
//
// usage: npx tsx examples/stream.ts MODEL.bin [PROMPT]

import { generate, openModel } from '@llama-ts/runtime';

const [path, prompt = 'Once upon a time'] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: npx tsx examples/stream.ts MODEL.bin [PROMPT]');

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(2000)]);

const model = await openModel(path);
try {
  process.stdout.write(prompt);
  for await (const event of generate(model, prompt, { temperature: 0, maxTokens: 200, signal })) {
    if (event.type !== 'prompt-end') process.stdout.write(event.text);
  }
} catch (error) {
  if (!signal.aborted) throw error;
  process.stdout.write(' …');
} finally {
  process.stdout.write('\n');
  await model.close();
}
