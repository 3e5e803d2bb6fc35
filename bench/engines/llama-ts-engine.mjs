// Runs one workload of the engine and prints the measurement: sequences together, a prompt that joins, or prompt lookup.

import { createEngine, generate, openModel } from '@llama-ts/runtime';
import { promptTokens, readWorkload } from './workload.mjs';

const JOINED_PROMPT = 8;
/** Tokens whose log-probabilities are compared bit for bit, outside the measurement. */
const COMPARED_TOKENS = 4;
/** Of these many tokens of a text, the first few are edited: 80 % repeat. */
const EDIT_PERIOD = 20;
const EDITED = 4;

const workload = readWorkload();
const { promptLength, generateLength, sequences } = workload;
const model = await openModel(workload.model, {
  context: 2 * (promptLength + generateLength) + 64,
  threads: workload.threads,
  ...(workload.backend === undefined ? {} : { backend: workload.backend }),
  settings: { eosIds: [] },
});
const cases = {
  together: runTogether,
  join: runJoin,
  repeat: () => runLookup(editedText),
  new: () => runLookup(newText),
};
await follow(generate(model, promptTokens(8), { temperature: 0, maxTokens: 2 }));
console.log(JSON.stringify({ ...(await cases[workload.task]()), backend: model.backend }));
await model.close();

/** Sequences together against each alone, in turns. */
async function runTogether() {
  const prompts = Array.from({ length: sequences }, (_, i) => promptTokens(promptLength, i));
  const half = Math.ceil(sequences / 2);
  const options = { temperature: 0, maxTokens: generateLength };
  const alone = await oneByOne(prompts.slice(0, half), options);
  const together = await atOnce(prompts, options);
  alone.push(...(await oneByOne(prompts.slice(half), options)));
  expectSame(together, alone);
  const compared = { temperature: 1, maxTokens: COMPARED_TOKENS, logprobs: 5 };
  expectSame(await atOnce(prompts, compared), await oneByOne(prompts, compared));
  const tokensPerSecond = speedWhileAllAnswer(together);
  return { tokensPerSecond, timesPlain: tokensPerSecond / speedOf(alone) };
}

/** What a long prompt adds to the time between tokens of the others. */
async function runJoin() {
  const engine = createEngine(model, { maxSequences: sequences + 1, maxContexts: sequences + 1 });
  const leave = new AbortController();
  const options = { temperature: 0, signal: leave.signal };
  const others = Array.from({ length: sequences }, (_, i) => ({ at: [], prompt: promptTokens(JOINED_PROMPT, i) }));
  const ends = others.map(({ at, prompt }) => follow(engine.submit(prompt, options), at).catch(() => {}));
  while (others.some(({ at }) => at.length < generateLength)) await new Promise((resolve) => setTimeout(resolve, 5));
  const joinedAt = performance.now();
  const { at } = await follow(engine.submit(promptTokens(promptLength, sequences), { temperature: 0, maxTokens: 1 }));
  while (others.some((other) => other.at.at(-1) < at[0])) await new Promise((resolve) => setTimeout(resolve, 5));
  leave.abort();
  await Promise.all(ends);
  await engine.close();
  const before = others.flatMap((other) => gapsOf(other.at.slice(1).filter((time) => time <= joinedAt)));
  const during = others.flatMap((other) => gapsOf(other.at.filter((_, i) => (other.at[i + 1] ?? 0) > joinedAt)));
  const usual = quantile(before, 0.5);
  return {
    delayMilliseconds: quantile(during, 1) - usual,
    medianDelayMilliseconds: quantile(during, 0.5) - usual,
    gapMilliseconds: usual,
    tokensPerSecond: (1000 * promptLength) / (at[0] - joinedAt),
  };
}

/** Prompt lookup against plain decoding of the same forced text, in turns; every pass is computed. */
async function runLookup(textOf) {
  const prompt = promptTokens(promptLength);
  const forced = forcing(textOf(prompt), promptLength);
  const options = { temperature: 0, maxTokens: generateLength };
  const [plain, drafted] = [[], []];
  for (let round = 0; round < 2; round++) {
    plain.push(await follow(generate(forced, prompt, options)));
    drafted.push(await follow(generate(forced, prompt, { ...options, speculate: true })));
  }
  expectSame(drafted, plain);
  const tokensPerSecond = speedOf(drafted);
  return { tokensPerSecond, timesPlain: tokensPerSecond / speedOf(plain), ...drafted[0].speculation };
}

/** The model, choosing the tokens of a text whatever it computes. */
function forcing(text, start) {
  const { vocabSize } = model.header.dimensions;
  return {
    ...model,
    async forward(batch, options) {
      const logits = await model.forward(batch, options);
      let row = 0;
      for (const { position, tokens, logits: wanted } of batch) {
        const first = wanted === 'all' ? 0 : wanted === 'none' ? tokens.length : tokens.length - 1;
        for (let i = first; i < tokens.length; i++) {
          logits[row++ * vocabSize + (text[position + i + 1 - start] ?? 0)] = 1e6;
        }
      }
      return logits;
    },
  };
}

function editedText(prompt) {
  return prompt.slice(1).map((id, i) => (i % EDIT_PERIOD < EDITED ? 120_000 + i : id));
}

function newText(prompt) {
  return promptTokens(2 * prompt.length, 1).slice(1);
}

async function oneByOne(prompts, options) {
  const found = [];
  for (const prompt of prompts) found.push(await follow(generate(model, prompt, options)));
  return found;
}

async function atOnce(prompts, options) {
  const engine = createEngine(model, { maxSequences: prompts.length });
  const found = await Promise.all(prompts.map((prompt) => follow(engine.submit(prompt, options))));
  await engine.close();
  return found;
}

/** Tokens, and when each came. */
async function follow(events, at = []) {
  const tokens = [];
  let speculation;
  for await (const event of events) {
    if (event.type === 'end') speculation = event.speculation;
    if (event.type !== 'token') continue;
    at.push(performance.now());
    tokens.push({ id: event.id, logprobs: event.logprobs });
  }
  return { tokens, at, speculation };
}

function expectSame(found, expected) {
  const told = (runs) => JSON.stringify(runs.map(({ tokens }) => tokens));
  if (told(found) !== told(expected)) throw new Error('other tokens or log-probabilities than those of a lone run');
}

/** Tokens per second after the first token of each run. */
function speedOf(runs) {
  const tokens = runs.reduce((sum, { at }) => sum + at.length - 1, 0);
  return (1000 * tokens) / runs.reduce((sum, { at }) => sum + at.at(-1) - at[0], 0);
}

function speedWhileAllAnswer(runs) {
  const from = Math.max(...runs.map(({ at }) => at[0]));
  const to = Math.min(...runs.map(({ at }) => at.at(-1)));
  const tokens = runs.reduce((sum, { at }) => sum + at.filter((time) => time > from && time <= to).length, 0);
  return (1000 * tokens) / (to - from);
}

function gapsOf(times) {
  return times.slice(1).map((time, i) => time - times[i]);
}

function quantile(values, share) {
  return values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
}
