// Answers several prompts at once from the public API: npx tsx examples/batch.ts MODEL.bin PROMPT...

import { createEngine, type GenerateEvent, openModel } from '@llama-ts/runtime';

const [path, ...prompts] = process.argv.slice(2);
if (path === undefined || prompts.length === 0) {
  console.error('usage: npx tsx examples/batch.ts MODEL.bin PROMPT...');
  process.exit(2);
}

// One signal may end many requests; a signal for each ends it alone.
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));

const model = await openModel(path);
const engine = createEngine(model, { maxSequences: 8 });
try {
  // Each request joins at once; while others run, it gets exactly the tokens it would get alone.
  const answers = prompts.map((prompt) =>
    collect(engine.submit(prompt, { temperature: 0, maxTokens: 200, speculate: true, signal: interrupt.signal })),
  );
  for (const [i, answer] of (await Promise.all(answers)).entries()) console.log(`${prompts[i]}${answer}\n`);
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  console.log('[stopped]');
} finally {
  await engine.close();
  await model.close();
}

async function collect(events: AsyncIterable<GenerateEvent>): Promise<string> {
  let text = '';
  for await (const event of events) {
    if (event.type === 'token') text += event.text;
    if (event.type === 'end') text += `${event.text}\n[${event.reason}, ${event.nTokens} tokens]`;
  }
  return text;
}
