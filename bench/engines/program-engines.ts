// Peers that are programs built outside this repository: llama-bench (of llama.cpp or a fork), and runq.

import type { Engine } from './engine.js';
import { runProgram } from './run-program.js';

/** Text that is `tokens` tokens with begin-of-text: a word that is one token, repeated. */
const promptText = (tokens: number) => `a${' a'.repeat(Math.max(0, tokens - 2))}`;

/** One test of llama-bench's JSON. */
interface LlamaBenchTest {
  /** Tokens per second. */
  readonly avg_ts: number;
}

/** llama-bench, a single repetition after its own warm-up; `repack` asks ik_llama.cpp to rearrange weights at load. */
export function llamaBench(path: string, { repack }: { repack: boolean }): Engine {
  return {
    name: `llama-bench${repack ? ', repack' : ''}`,
    supports: ({ kind, weights, sequences, wasm }) =>
      (kind === 'prefill' || kind === 'decode') && weights === 'q8_0' && sequences === 1 && !wasm,
    run: async ({ kind, promptLength, generateLength }, threads, { gguf }) => {
      // -gp times the generation alone, after a prompt.
      const test =
        kind === 'prefill'
          ? ['-p', String(promptLength), '-n', '0']
          : ['-p', '0', '-n', '0', '-gp', `${promptLength},${generateLength - 1}`];
      const options = ['-m', gguf, '-t', String(threads), '-r', '1', '-o', 'json', ...(repack ? ['-rtr', '1'] : [])];
      const { stdout } = await runProgram(path, [...options, ...test]);
      const [result]: LlamaBenchTest[] = JSON.parse(stdout);
      return { tokensPerSecond: result!.avg_ts };
    },
  };
}

/** runq of llama3.2.c, threads through OpenMP. It reads prompts token by token, at the speed of decoding. */
export function runq(path: string): Engine {
  return {
    name: 'runq',
    supports: ({ name, kind }) => kind === 'prefill' || name === 'decode-8',
    run: async ({ kind, promptLength, generateLength }, threads, { runqModel, tokenizerBin }) => {
      const steps = kind === 'prefill' ? promptLength : promptLength + generateLength - 1;
      const { stderr } = await runProgram(
        path,
        [runqModel, '-z', tokenizerBin, '-t', '0', '-n', String(steps), '-i', promptText(promptLength)],
        { OMP_NUM_THREADS: String(threads) },
      );
      const [, speed] = /achieved tok\/s: ([\d.]+)/.exec(stderr) ?? [];
      if (speed === undefined) throw new Error(`${path}: no speed on standard error:\n${stderr}`);
      return { tokensPerSecond: Number(speed) };
    },
  };
}
