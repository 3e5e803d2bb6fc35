// A child process run to its end.

import type { ChildProcess } from 'node:child_process';

/** What a child process left. */
export interface ChildOutput {
  /** Exit status; null after a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Waits for the end of a process.
 *
 * @param stdin fed to it, and then closed
 * @param onStdout called with all output so far at every chunk of stdout
 * @throws the error of a process that could not start
 */
export async function outputOf(
  child: ChildProcess,
  stdin: string | Uint8Array = '',
  onStdout: (stdout: string) => void = () => undefined,
): Promise<ChildOutput> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onStdout(stdout);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => undefined).end(stdin); // a process that reads no input may have ended
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
