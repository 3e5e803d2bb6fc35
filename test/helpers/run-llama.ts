// Runs the real llama command as a child process.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkJsonOutput } from './json-schemas.js';

/** Path of the committed bin file. */
export const llamaBin = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url));

/** What a finished command left. */
export interface LlamaRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
export function runLlama(args: readonly string[], options: RunLlamaOptions = {}): Promise<LlamaRun> {
  const { DEBUG: _debug, LLAMA_KERNELS: _kernels, ...env } = process.env;
  const child = spawn(process.execPath, [llamaBin, ...args], {
    cwd: options.cwd,
    env: { ...env, NO_COLOR: '1', ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    options.onStdout?.(child, stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => undefined); // a command that reads no input may be gone by now
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      try {
        checkJsonOutput(args, stdout);
        resolve({ exitCode, stdout, stderr });
      } catch (error) {
        reject(error);
      }
    });
  });
}
