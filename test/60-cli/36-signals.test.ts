// Signals at random moments of every command: it ends soon, with the signal's exit status, and leaves only what a later run
// goes on with or replaces.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../helpers/random-text.js';
import { llamaBin, runLlama } from '../helpers/run-llama.js';
import { withFolder, writeLargeCheckpoint } from './support.js';

/** Signals, and the exit status of each; a process that has no handler yet is ended by the system. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** How often each command is stopped. */
const TIMES = Number(process.env.LLAMA_TEST_SIGNALS ?? 1);
/** A second on a quiet machine. */
const MAX_MS = Number(process.env.LLAMA_TEST_SIGNAL_MS ?? 15_000);
/** Commands are stopped within so long of their start. */
const WITHIN_MS = 2_000;
/** Hidden files that a later run takes over. */
const RESUMED = /^\.[^/]+\.(lock|partial|journal|started|partial-folder)$/;

/** Commands that take a while, and the files that they may leave. */
const commands: readonly { readonly args: readonly string[]; readonly stdin?: string; readonly leaves?: RegExp }[] = [
  { args: ['run', 'm.bin', 'Once', '-n', '2000', '--temperature', '1'] },
  { args: ['run', 'm.bin', 'Once', '--backend', 'reference'] },
  { args: ['run', 'm.bin'], stdin: 'open' },
  { args: ['run', 'm.bin', 'Once', '--json', '--answers', '500'] },
  { args: ['chat', 'm.bin', '--session', 's.session'], stdin: 'open', leaves: /^s\.session$/ },
  { args: ['chat', 'm.bin', '--transcript', 't.jsonl'], stdin: 'open', leaves: /^t\.jsonl$/ },
  { args: ['run', 'm.bin', '--input', 'prompts.jsonl', '--output', 'r.jsonl', '--force'], leaves: /^r\.jsonl$/ },
  { args: ['eval', 'm.bin', '--text', 'text.txt', '--html', 'e.html'], leaves: /^e\.html$/ },
  { args: ['compare', 'm.bin', 'large.bin', '--text', 'text.txt', '--report', 'c.html'], leaves: /^c\.html$/ },
  { args: ['bench', 'm.bin', '-r', '50'] },
  { args: ['verify', 'large.bin', '--html', 'v.html'], leaves: /^v\.html$/ },
  { args: ['inspect', 'large.bin'] },
  { args: ['export', 'e.bin', '--hf', 'large'], leaves: /^e\.bin$/ },
  { args: ['export', 'g.gguf', '--hf', 'large'], leaves: /^g\.gguf$/ },
  { args: ['export', 'folder', '--to', 'safetensors', '--hf', 'large'], leaves: /^folder(\/.*)?$/ },
  { args: ['quantize', 'large.bin', 'q.bin', '--force'], leaves: /^q\.bin$/ },
  { args: ['convert', 'large.bin', 'c.gguf', '--force'], leaves: /^c\.gguf$/ },
  { args: ['report', 'report.json', '--output', 'report.html'], leaves: /^report\.html$/ },
  { args: ['doctor'] },
];

(process.platform === 'win32' ? describe.skip : describe)('a signal at a random moment', () => {
  it('ends every command soon, with its exit status, and leaves nothing that stops the next run', () =>
    withFolder(async (folder) => {
      await prepare(folder);
      const before = new Set(await readdir(folder));
      const random = seededRandom(18);
      for (const { args, stdin, leaves = /^$/ } of commands) {
        // What another command was allowed to leave.
        for (const name of await readdir(folder)) {
          if (!before.has(name)) await rm(join(folder, name), { recursive: true });
        }
        for (let time = 0; time < TIMES; time++) {
          const names = Object.keys(signals) as (keyof typeof signals)[];
          const signal = names[Math.floor(random() * names.length)]!;
          const afterMs = Math.floor(random() * WITHIN_MS);
          const where = `${args.join(' ')}: ${signal} after ${afterMs} ms`;
          const { status, milliseconds, stderr } = await stopped(folder, args, { signal, afterMs, stdin });
          assert.doesNotMatch(stderr, /INTERNAL| at .*\.js:\d/, where);
          // It may have been done by then, or not have begun.
          if (status === null) continue;
          assert.ok(status === signals[signal] || status === signal, `${where}: ${status} ${stderr}`);
          assert.ok(milliseconds < MAX_MS, `${where}: took ${milliseconds} ms`);
          const left = (await readdir(folder)).filter((name) => !before.has(name));
          const debris = left.filter((name) => !leaves.test(name) && !RESUMED.test(name));
          assert.deepEqual(debris, [], where);
        }
      }
    })).timeout(600_000);

  it('ends a command at once when it comes a second time', () =>
    withFolder(async (folder) => {
      await prepare(folder);
      const child = spawn(process.execPath, [llamaBin, 'run', 'm.bin', 'Once', '--answers', '5000'], { cwd: folder });
      const over = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGINT');
      child.kill('SIGINT');
      assert.ok([130, 'SIGINT'].includes((await over) as never));
    })).timeout(60_000);

  it('ends a command that waits for a named pipe to be opened', () =>
    withFolder(async (folder) => {
      await prepare(folder);
      const pipe = join(folder, 'pipe');
      await new Promise((resolve) => spawn('mkfifo', [pipe]).on('close', resolve));
      for (const args of [
        ['run', pipe, 'x'],
        ['inspect', pipe],
        ['eval', 'm.bin', '--text', pipe],
        ['run', 'm.bin', '--input', pipe, '--output', 'r.jsonl'],
        ['chat', 'm.bin', '--session', pipe],
        ['run', 'm.bin', 'x', '--json-schema', pipe],
        ['export', 'o.bin', '--hf', pipe],
        ['report', pipe, '--output', 'r.html'],
      ]) {
        const { status } = await stopped(folder, args, { signal: 'SIGTERM', afterMs: 3_000, stdin: undefined });
        assert.ok(status === null || status === 143 || status === 'SIGTERM', `${args.join(' ')}: ${status}`);
      }
    })).timeout(180_000);
});

async function prepare(folder: string): Promise<void> {
  const { exitCode, stderr } = await runLlama(['export', 'm.bin'], { cwd: folder });
  assert.equal(exitCode, 0, stderr);
  await mkdir(join(folder, 'large'));
  await writeLargeCheckpoint(join(folder, 'large'));
  await runLlama(['export', 'large.bin', '--hf', 'large', '--version', '1'], { cwd: folder });
  await writeFile(join(folder, 'text.txt'), 'Once upon a time there was a fox. '.repeat(2000));
  const line = `${JSON.stringify({ prompt: 'Once', maxTokens: 200 })}\n`;
  await writeFile(join(folder, 'prompts.jsonl'), line.repeat(200));
  const report = await runLlama(['verify', 'm.bin', '--json'], { cwd: folder });
  await writeFile(join(folder, 'report.json'), report.stdout);
}

interface Stop {
  readonly signal: NodeJS.Signals;
  readonly afterMs: number;
  readonly stdin: string | undefined;
}

/** `status` is null for a command that ended before the signal. */
async function stopped(cwd: string, args: readonly string[], { signal, afterMs, stdin }: Stop) {
  const child = spawn(process.execPath, [llamaBin, ...args], { cwd, stdio: ['pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined).write('Hi\n');
  if (stdin !== 'open') child.stdin.end();
  const over = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, by) => resolve(code ?? by));
  });
  await Promise.race([over, delay(afterMs)]);
  if (child.exitCode !== null) return { status: null, milliseconds: 0, stderr };
  const start = performance.now();
  child.kill(signal);
  // At chat, the first Ctrl-C stops the answer alone.
  if (args[0] === 'chat' && signal === 'SIGINT') await Promise.race([over, delay(200).then(() => child.kill(signal))]);
  const guard = setTimeout(() => child.kill('SIGKILL'), 2 * MAX_MS);
  const status = await over;
  clearTimeout(guard);
  const milliseconds = performance.now() - start;
  // It ended by itself in the moment between.
  return { status: status === 0 || status === 2 || status === 3 ? null : status, milliseconds, stderr };
}
