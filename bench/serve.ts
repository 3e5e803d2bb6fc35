// Measures `llama serve` against the engine alone and node-llama-cpp: npx tsx bench/serve.ts [--node-llama-cpp DIR]
// All are started once and take turns in every case, so that a busy spell of the machine hits them alike.

import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { promptTokens } from './engines/workload.mjs';
import { prepareFiles } from './model/prepare-files.js';
import { MODEL_SHAPES } from './model/shapes.js';
import { startEngine, startNodeLlamaCpp, startServer } from './serve/targets.js';
import { firstOf, speedOf, type Target, type Timing } from './serve/workload.js';
import { summarize } from './statistics.js';

const USAGE = `usage: npx tsx bench/serve.ts [options]
  --cases NAMES           of clients, known, prefix; default all
  --targets NAMES         of server, engine, peer; default all that there are
  --rounds N              repetitions of each case; default 3
  --threads N             default the cores, ${availableParallelism()}
  --node-llama-cpp DIR    folder in which node-llama-cpp is installed
  --folder DIR            where the model files are kept
  --samples FILE          adds to the samples of earlier runs, and makes the table of all`;

const CLIENTS = 8;
const CONTEXT = 4096;
const PROMPT_TOKENS = 64;
const ANSWER_TOKENS = 64;
const SHARED_TOKENS = 2000;
const OWN_TOKENS = 16;
/** Repetitions of a known prompt, which is answered fast, so that more repetitions are affordable. */
const KNOWN_REPEATS = 7;

/** A server that is in use has compiled its code. */
const WARM_UPS = 30;

/** Values by what was measured and by the name of the target, in the order of the rounds. */
type Samples = Record<string, Record<string, number[]>>;

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

let nPrompts = 0;
/** A prompt that shares no more than its first token with another. */
const freshPrompt = (length: number): number[] => promptTokens(length, ++nPrompts);

/** Measures each target in turn. */
type Measure = (what: string, target: Target, value: number) => void;

const cases: Readonly<Record<string, (targets: readonly Target[], add: Measure) => Promise<void>>> = {
  async clients(targets, add) {
    for (const n of [1, CLIENTS]) {
      const prompts = Array.from({ length: n }, () => freshPrompt(PROMPT_TOKENS));
      for (const target of targets) {
        const timings = await answers(target, prompts, ANSWER_TOKENS);
        add(`first token, ms, ${n} of new prompts`, target, firstOf(timings));
        add(`tokens/s, ${n}`, target, speedOf(timings));
      }
    }
  },
  async known(targets, add) {
    const prompt = freshPrompt(PROMPT_TOKENS);
    for (const target of targets) await answers(target, [prompt], 2);
    for (let i = 0; i < KNOWN_REPEATS; i++) {
      for (const target of targets) {
        const timings = await answers(target, [prompt], OWN_TOKENS);
        add('first token, ms, known prompt', target, firstOf(timings));
        add('time of a token, ms', target, 1000 / speedOf(timings));
      }
    }
  },
  async prefix(targets, add) {
    const shared = freshPrompt(SHARED_TOKENS);
    const withOwn = () => [...shared, ...freshPrompt(OWN_TOKENS + 1).slice(1)];
    for (const target of targets.filter(({ name }) => name !== 'engine alone')) {
      add('first token, ms, cold', target, firstOf(await answers(target, [withOwn()], 2)));
      add('first token, ms, shared', target, firstOf(await answers(target, [withOwn()], 2)));
    }
  },
};

async function answers(target: Target, prompts: readonly number[][], maxTokens: number): Promise<readonly Timing[]> {
  const timings = await target.measure({ prompts, maxTokens });
  if (timings.every(({ nTokens }) => nTokens === maxTokens)) return timings;
  throw new Error(`${target.name}: an answer ended before ${maxTokens} tokens`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: Object.keys(cases).join(',') },
      targets: { type: 'string', default: 'server,engine,peer' },
      rounds: { type: 'string', default: '3' },
      threads: { type: 'string', default: String(availableParallelism()) },
      'node-llama-cpp': { type: 'string' },
      folder: { type: 'string', default: join(tmpdir(), 'llama-ts-bench-1b') },
      samples: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.cases.split(',');
  if (values.help || !names.every((name) => name in cases)) {
    log(USAGE);
    return;
  }
  const peer = values['node-llama-cpp'];
  const needed = { float32: false, gguf: peer !== undefined, runq: false };
  const files = await prepareFiles(values.folder, MODEL_SHAPES['1b'], needed, log);
  const settings = { threads: Number(values.threads), context: CONTEXT, sequences: CLIENTS };
  const own = { ...settings, model: files.q8 };
  const samples = await readSamples(values.samples);
  const targets: Target[] = [];
  try {
    const asked = values.targets.split(',');
    if (asked.includes('server')) targets.push(await startServer(own));
    if (asked.includes('engine')) targets.push(await startEngine(own));
    if (peer !== undefined && asked.includes('peer'))
      targets.push(await startNodeLlamaCpp({ ...settings, model: files.gguf }, peer));
    const warmUp = freshPrompt(8);
    for (let i = 0; i < WARM_UPS; i++) for (const target of targets) await answers(target, [warmUp], 2);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const name of names) {
        await cases[name]!(targets, (what, target, value) => {
          samples[what] ??= {};
          samples[what][target.name] = [...(samples[what][target.name] ?? []), value];
          log(`round ${round}, ${target.name}: ${what}: ${value.toFixed(2)}`);
        });
      }
      if (values.samples !== undefined) await writeFile(values.samples, JSON.stringify(samples));
    }
  } finally {
    for (const target of targets) await target.close();
  }
  process.stdout.write(toMarkdown(samples, settings.threads));
}

async function readSamples(file: string | undefined): Promise<Samples> {
  const text = file === undefined ? '{}' : await readFile(file, 'utf8').catch(() => '{}');
  return JSON.parse(text) as Samples;
}

function toMarkdown(samples: Samples, threads: number): string {
  const median = (what: string, name: string): number => {
    const values = samples[what]?.[name];
    return values === undefined ? Number.NaN : summarize(values).median;
  };
  const names = ['llama serve', 'engine alone', 'node-llama-cpp'];
  const cell = (what: string, name: string): string => {
    const values = samples[what]?.[name];
    if (values === undefined) return '';
    const { median: middle, min, max } = summarize(values);
    const digits = max < 1000 ? 1 : 0;
    return `${middle.toFixed(digits)} (${min.toFixed(digits)} – ${max.toFixed(digits)})`;
  };
  const rows = Object.keys(samples).map(
    (what) => `| ${[what, ...names.map((name) => cell(what, name))].join(' | ')} |`,
  );
  /** Differences of measurements that took turns, each compared with the next. */
  const added = (what: string, relative: boolean): string => {
    const [served = [], alone = []] = names.map((name) => samples[what]?.[name]);
    if (served.length === 0 || served.length !== alone.length) return 'not measured';
    const differences = served.map((value, i) => (value - alone[i]!) / (relative ? alone[i]! / 100 : 1));
    return `${summarize(differences).median.toFixed(2)} ${relative ? '%' : 'ms'}`;
  };
  const ratios = (over: string, under: string): string => {
    const measured = names.filter((name) => samples[over]?.[name] !== undefined);
    const told = measured.map((name) => `${name} ${(median(over, name) / median(under, name)).toFixed(3)}`);
    return told.join(', ') || 'not measured';
  };
  return [
    `1b shape, v2, ${cpus()[0]?.model ?? 'unknown CPU'}, ${threads} threads, Node ${process.versions.node}; medians (least – most).`,
    '',
    `| | ${names.join(' | ')} |`,
    '| --- | ---: | ---: | ---: |',
    ...rows,
    '',
    `- ${CLIENTS} clients ÷ one: ${ratios(`tokens/s, ${CLIENTS}`, 'tokens/s, 1')}`,
    `- the server adds to the first token: ${added('first token, ms, known prompt', false)}`,
    `- the server adds to a token: ${added('time of a token, ms', true)}`,
    `- shared prefix of ${SHARED_TOKENS} ÷ cold: ${ratios('first token, ms, shared', 'first token, ms, cold')}`,
    '',
  ].join('\n');
}

await main();
