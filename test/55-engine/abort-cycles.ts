// Aborts requests at every stage of an answer, again and again, and prints what memory there is before and after.

import { getEventListeners } from 'node:events';
import { createEngine, type GenerateEvent, generate, openModel } from '@llama-ts/runtime';

const [path, way, cycles] = process.argv.slice(2);
/** Cycles until every buffer has its final size and all code is compiled. */
const WARM_UP = 1000;

const model = await openModel(path!, { context: 256 });
const engine = createEngine(model, { maxSequences: 4 });
let nListeners = 0;

/** Ends one in four before it begins, the others after some tokens; one in four of those by leaving the loop. */
async function cycle(i: number): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const prompt = Array.from({ length: 1 + (i % 100) }, (_, j) => 1 + ((i + j) % 200));
  const options = { temperature: 1, seed: i + 1, speculate: i % 3 === 0, signal };
  const lasts = i % 4;
  if (lasts === 0) queueMicrotask(() => controller.abort());
  try {
    await follow(
      way === 'engine' ? engine.submit(prompt, options) : generate(model, prompt, options),
      lasts,
      controller,
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    nListeners += getEventListeners(signal, 'abort').length;
  }
}

async function follow(events: AsyncIterable<GenerateEvent>, lasts: number, controller: AbortController): Promise<void> {
  let nTokens = 0;
  for await (const event of events) {
    if (event.type !== 'token' || ++nTokens < lasts || lasts === 0) continue;
    if (lasts === 3) break;
    controller.abort();
  }
}

function memory() {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  const { rss, arrayBuffers, heapUsed } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { rss, arrayBuffers, heapUsed, resources };
}

async function runCycles(from: number, to: number): Promise<void> {
  const AT_ONCE = 4;
  for (let i = from; i < to; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => cycle(i + j)));
    // Collected now and then, as in any long-lived process, so that what is left is what is held.
    if (i % 100 === 0) globalThis.gc!();
  }
  await new Promise(setImmediate);
}

await runCycles(0, WARM_UP);
const before = memory();
await runCycles(WARM_UP, WARM_UP + Number(cycles));
const after = memory();
console.log(JSON.stringify({ before, after, listeners: nListeners }));
await engine.close();
await model.close();
