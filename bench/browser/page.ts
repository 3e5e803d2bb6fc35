// The page of the benchmark in a browser: one engine a visit, so that no engine's memory or threads are there with another's.

import { generate, openModel } from '@llama-ts/runtime';

/** What is measured. */
export interface Workload {
  readonly threads: number;
  /** Positions of the KV cache. */
  readonly context: number;
  readonly prompt: string;
  readonly nDecode: number;
}

/** What an engine did. */
export interface Measured {
  readonly nPrompt: number;
  readonly nDecoded: number;
  /** Tokens per second over the prompt. */
  readonly prefill: number;
  /** Tokens per second after it. */
  readonly decode: number;
  readonly threads: number;
}

/** The part in use of @wllama/wllama 3.x. */
interface Wllama {
  loadModel(files: readonly Blob[], options: object): Promise<void>;
  getNumThreads(): number;
  createCompletion(options: object): Promise<{
    readonly timings?: {
      readonly prompt_n: number;
      readonly prompt_per_second: number;
      readonly predicted_n: number;
      readonly predicted_per_second: number;
    };
  }>;
}

/** A prompt short enough to cost nothing, which brings code and weights into the caches. */
const WARM_UP = 'Once upon a time';

/** Random weights answer with bytes that are no UTF-8, which its JSON does not take: every token is ` the`. */
const THE_SAME_TOKEN = { '279': 100 };

const fetched = async (path: string): Promise<Blob> => (await fetch(path)).blob();

/** By the clock of the page: what the page and its messages take counts. */
async function measureOurs({ threads, context, prompt, nDecode }: Workload): Promise<Measured> {
  const model = await openModel(await fetched('/model.bin'), { threads, context });
  const run = async (text: string, maxTokens: number): Promise<Measured> => {
    const [start, times] = [performance.now(), [] as number[]];
    let nPrompt = 0;
    for await (const event of generate(model, text, { temperature: 0, maxTokens })) {
      if (event.type === 'prompt-end') nPrompt = event.nTokens;
      if (event.type === 'token') times.push(performance.now());
    }
    const [first, last] = [times[0]!, times.at(-1)!];
    const nDecoded = times.length - 1;
    const decode = (1000 * nDecoded) / (last - first);
    return { nPrompt, nDecoded, prefill: (1000 * nPrompt) / (first - start), decode, threads: model.threads };
  };
  await run(WARM_UP, 8);
  const measured = await run(prompt, nDecode + 1);
  await model.close();
  return measured;
}

/** By its own clock in its worker, which leaves out what its messages take. */
async function measureWllama({ threads, context, prompt, nDecode }: Workload): Promise<Measured> {
  // Not of the bundle: its file finds its own worker and WebAssembly.
  const address = '/wllama/index.js';
  const { Wllama } = (await import(address)) as { readonly Wllama: new (paths: object, options: object) => Wllama };
  const wllama = new Wllama({ default: '/wllama/wasm/wllama.wasm' }, { suppressNativeLog: true });
  await wllama.loadModel([await fetched('/model.gguf')], {
    n_ctx: context,
    n_batch: 512,
    n_threads: threads,
    n_parallel: 1,
    n_gpu_layers: 0,
  });
  const run = async (text: string, maxTokens: number): Promise<Measured> => {
    const options = {
      prompt: text,
      max_tokens: maxTokens,
      temperature: 0,
      cache_prompt: false,
      logit_bias: THE_SAME_TOKEN,
    };
    const { timings } = await wllama.createCompletion(options);
    return {
      nPrompt: timings!.prompt_n,
      nDecoded: timings!.predicted_n,
      prefill: timings!.prompt_per_second,
      decode: timings!.predicted_per_second,
      threads: wllama.getNumThreads(),
    };
  };
  await run(WARM_UP, 8);
  return run(prompt, nDecode + 1);
}

Object.assign(globalThis, { measureOurs, measureWllama, isReady: true });
