// Streams a continuation from the public API and stops at a deadline: npx tsx examples/stream.ts MODEL.bin [PROMPT] [MS]

import { generate, openModel } from '@llama-ts/runtime';

const [path, prompt = 'Once upon a time', milliseconds = '30000'] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: npx tsx examples/stream.ts MODEL.bin [PROMPT] [MILLISECONDS]');
  process.exit(2);
}

// Any AbortSignal will do; this one fires by itself and on Ctrl-C.
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(Number(milliseconds))]);

const model = await openModel(path);
try {
  for await (const event of generate(model, prompt, { temperature: 0, maxTokens: 200, signal })) {
    if (event.type === 'token') process.stdout.write(event.text);
    if (event.type === 'end') process.stdout.write(`${event.text}\n[${event.reason}, ${event.nTokens} tokens]\n`);
  }
} catch (error) {
  if (!signal.aborted) throw error;
  process.stdout.write('\n[stopped]\n');
} finally {
  await model.close();
}
