// What choosing a token costs, softmax included: npx tsx bench/sampling.ts [--backend NAME] [--threads N]

import { parseArgs } from 'node:util';
import { type BackendName, backendNames, type Kernels, openKernels } from '@llama-ts/kernels';
import { createRandomStream, createSampler, type SamplerOptions } from '@llama-ts/runtime';
import { summarize } from './statistics.js';

/** Llama 3's. */
const VOCABULARY = 128_256;
const WARM_UP = 100;
const TOKENS = 500;

/** Bell curves of logits, by their standard deviation: the wider, the surer the model. */
const SHAPES = [
  { name: 'sure', deviation: 4 },
  { name: 'torn', deviation: 2.5 },
  { name: 'flat', deviation: 1 },
] as const;

const base: SamplerOptions = { temperature: 1, topP: 1, seed: 1n, referenceSampler: false };

const SETTINGS: Readonly<Record<string, SamplerOptions>> = {
  'temperature 0': { ...base, temperature: 0 },
  'all tokens': base,
  'top-p 0.9': { ...base, topP: 0.9 },
  'top-k 40': { ...base, topK: 40 },
  'top-k 40, top-p 0.9': { ...base, topK: 40, topP: 0.9 },
  'min-p 0.05': { ...base, minP: 0.05 },
  'top-p 0.9, min-p 0.05, penalties': { ...base, topP: 0.9, minP: 0.05, repetitionPenalty: 1.1, penaltyWindow: 256 },
  'typical-p 0.9': { ...base, typicalP: 0.9 },
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { backend: { type: 'string' }, threads: { type: 'string' } } });
  const kernels = await openKernels({
    ...(values.backend === undefined ? {} : { backend: backendOf(values.backend) }),
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
  });
  console.log(
    `${kernels.backend}, ${kernels.threads} threads, ${VOCABULARY} tokens; microseconds a token, median (fastest tenth)\n`,
  );
  console.log(`| settings | ${SHAPES.map(({ name, deviation }) => `${name} (deviation ${deviation})`).join(' | ')} |`);
  console.log(`| --- | ${SHAPES.map(() => '---: |').join(' ')}`);
  for (const [name, options] of Object.entries(SETTINGS)) {
    const cells: string[] = [];
    for (const { deviation } of SHAPES) cells.push(await measure(kernels, options, deviation));
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
  await kernels.close();
}

function backendOf(name: string): BackendName {
  const backend = backendNames.find((known) => known === name);
  if (backend === undefined) throw new Error(`--backend ${name}, expected one of ${backendNames.join(', ')}`);
  return backend;
}

async function measure(kernels: Kernels, options: SamplerOptions, deviation: number): Promise<string> {
  const logits = kernels.allocate.float32(VOCABULARY);
  const probabilities = kernels.allocate.float32(VOCABULARY);
  const original = bellCurve(deviation);
  const sampler = createSampler(options, async (values, temperature) => {
    kernels.softmax(probabilities, values, VOCABULARY, temperature);
    await kernels.run();
    return probabilities;
  });
  const microseconds: number[] = [];
  for (let i = -WARM_UP; i < TOKENS; i++) {
    // Samplers change what they are given; a pass would have written it anew.
    logits.set(original);
    const start = performance.now();
    await sampler.sample(logits);
    if (i >= 0) microseconds.push(1000 * (performance.now() - start));
  }
  const { median } = summarize(microseconds);
  const fastestTenth = microseconds.sort((a, b) => a - b)[TOKENS / 10]!;
  return `${median.toFixed(0)} (${fastestTenth.toFixed(0)})`;
}

/** Sums of twelve uniform values are nearly normal, and the same on every machine. */
function bellCurve(deviation: number): Float32Array {
  const random = createRandomStream(1n);
  const normal = (): number => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
  return Float32Array.from({ length: VOCABULARY }, () => deviation * normal());
}

await main();
