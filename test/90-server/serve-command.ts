// `llama serve` as a process: started, called, stopped.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { llamaBin } from '../helpers/run-llama.js';

export interface RunningServer {
  readonly child: ChildProcessWithoutNullStreams;
  readonly address: string;
  readonly stdout: () => string;
  /** The lines of its log. */
  readonly log: () => { status: number; path: string; error?: string; answerTokens?: number }[];
  readonly stderr: () => string;
  /** Its exit status, or the signal that ended it. */
  readonly over: Promise<number | string>;
}

/** Starts the sample model on a free port, or where `args` say. */
export async function startServer(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const { LLAMA_KERNELS: _kernels, LLAMA_API_KEY: _key, ...inherited } = process.env;
  const place = args.includes('--socket') || args.includes('--port') ? [] : ['--port', '0'];
  const words = ['serve', '--json', '--threads', '1', ...place, ...args];
  const child = spawn(process.execPath, [llamaBin, ...words], { env: { ...inherited, ...env } });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const over = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  while (!stdout.includes('\n')) {
    const ended = await Promise.race([once(child.stdout, 'data').then(() => null), over]);
    if (ended !== null) throw new Error(`llama serve ended with ${ended}: ${stdout}${stderr}`);
  }
  const { address } = JSON.parse(stdout) as { address: string };
  const log = () =>
    stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  return { child, address, stdout: () => stdout, stderr: () => stderr, log, over };
}

/** The headers of a request by hand, which may say any Host and go to a socket. Its body is never sent. */
export async function rawRequest(
  options: http.RequestOptions,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = http.request({ ...options, agent: false });
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  // The server closes the connection after it refused the body, which breaks the request.
  request.on('error', () => undefined);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  request.destroy();
  return { status: response.statusCode!, text };
}
