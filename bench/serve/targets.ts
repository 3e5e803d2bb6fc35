// `llama serve` as a process with clients over sockets, and engines in processes of their own.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Target, Timing, Workload } from './workload.js';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url));

/** How all of them are started. */
export interface TargetSettings {
  readonly model: string;
  readonly threads: number;
  /** Positions of a sequence. */
  readonly context: number;
  readonly sequences: number;
}

/** `llama serve` and its clients. */
export async function startServer({ model, threads, context, sequences }: TargetSettings): Promise<Target> {
  const flags = ['--threads', String(threads), '--context', String(context), '--parallel', String(sequences)];
  const args = [CLI, 'serve', model, '--json', '--port', '0', ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { address } = JSON.parse(line.toString()) as { address: string };
  return {
    name: 'llama serve',
    async measure({ prompts, maxTokens }) {
      const start = performance.now();
      return Promise.all(prompts.map((prompt) => request(`${address}/v1/completions`, { prompt, maxTokens, start })));
    },
    async close() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** One client: it streams, and reads how many tokens came from the usage at the end. */
async function request(
  url: string,
  { prompt, maxTokens, start }: { prompt: readonly number[]; maxTokens: number; start: number },
): Promise<Timing> {
  const streamed = { stream: true, stream_options: { include_usage: true } };
  const body = JSON.stringify({ prompt, max_tokens: maxTokens, temperature: 0, ...streamed });
  const response = await fetch(url, { method: 'POST', body });
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let first = 0;
  let rest = '';
  let nTokens = 0;
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    if (first === 0 && /"text":"[^"]/.test(chunk)) first = performance.now() - start;
    rest = (rest + chunk).slice(-1000);
    nTokens = Number(/"completion_tokens":(\d+)/.exec(rest)?.[1] ?? 0);
  }
  return { first, end: performance.now() - start, nTokens };
}

/** The engine that the server runs, without it. */
export function startEngine(settings: TargetSettings): Promise<Target> {
  return startChild('engine alone', 'engine-child.mjs', settings);
}

/** @param program the folder in which node-llama-cpp is installed */
export function startNodeLlamaCpp(settings: TargetSettings, program: string): Promise<Target> {
  return startChild('node-llama-cpp', 'node-llama-cpp-child.mjs', { ...settings, program });
}

async function startChild(name: string, script: string, settings: object): Promise<Target> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  // Without the loader of TypeScript that this process runs with.
  const child = fork(file, [JSON.stringify(settings)], { execArgv: [] });
  await nextMessage(child, name);
  return {
    name,
    async measure(workload: Workload) {
      child.send(workload);
      return (await nextMessage(child, name)) as readonly Timing[];
    },
    async close() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

async function nextMessage(child: ChildProcess, name: string): Promise<unknown> {
  const stopped = new AbortController();
  const { signal } = stopped;
  try {
    const over = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${name}: ended with ${code}`);
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), over])) as [unknown];
    return message;
  } finally {
    stopped.abort();
  }
}
