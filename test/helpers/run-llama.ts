// Runs the real llama command as a child process.

import { strict as assert } from 'node:assert';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ChildOutput, outputOf } from './child-output.js';
import { checkJsonOutput } from './json-schemas.js';

/** Path of the committed bin file. */
export const llamaBin = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url));

/** What a finished command left. */
export type LlamaRun = ChildOutput;

/** How to run it. */
export interface RunLlamaOptions {
  /** Folder to run in. */
  readonly cwd?: string;
  /** Fed to stdin, which is then closed. */
  readonly stdin?: string | Uint8Array;
  /** Variables on top of the caller's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the child and its output so far, at every chunk of stdout. */
  readonly onStdout?: (child: ChildProcessWithoutNullStreams, stdout: string) => void;
}

/**
 * Runs `llama ...args` to its end, without a terminal and without settings of the caller's environment. What `--json`
 * prints must meet its schema.
 */
export async function runLlama(args: readonly string[], options: RunLlamaOptions = {}): Promise<LlamaRun> {
  const { DEBUG: _debug, LLAMA_KERNELS: _kernels, LLAMA_HOME: _home, ...env } = process.env;
  const child = spawn(process.execPath, [llamaBin, ...args], {
    cwd: options.cwd,
    env: { ...env, NO_COLOR: '1', ...options.env },
  });
  const run = await outputOf(child, options.stdin, (stdout) => options.onStdout?.(child, stdout));
  checkJsonOutput(args, run.stdout);
  return run;
}

/** Runs a command that must exit with 0. */
export async function succeed(args: readonly string[], options: RunLlamaOptions = {}): Promise<LlamaRun> {
  const run = await runLlama(args, options);
  assert.equal(run.exitCode, 0, `llama ${args.join(' ')}: ${run.stderr}`);
  return run;
}
