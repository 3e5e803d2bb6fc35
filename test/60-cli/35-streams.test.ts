// stdin, stdout and stderr that fail: a code and an exit status, never a stack trace.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../helpers/child-output.js';
import { llamaBin, runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const FULL = '/dev/full';
const answer = ['-t', '0', '-n', '10'];

/** Commands that print, of which each must notice that nothing arrived. */
const printing: readonly (readonly string[])[] = [
  ['run', 'm.bin', 'Once', ...answer],
  ['run', 'm.bin', 'Once', ...answer, '--json'],
  ['run', 'm.bin', 'Once', ...answer, '--answers', '3'],
  ['chat', 'm.bin', '--max-tokens', '5'],
  ['chat', 'm.bin', '--max-tokens', '5', '--json'],
  ['inspect', 'm.bin'],
  ['inspect', 'm.bin', '--json'],
  ['verify', 'm.bin'],
  ['eval', 'm.bin', '--text', 'text.txt'],
  ['eval', 'm.bin', '--text', 'text.txt', '--json'],
  ['run', 'm.bin', '--input', 'prompts.jsonl', '--output', 'out.jsonl', '--json', '--force'],
  ['quantize', 'v1.bin', 'v2.bin', '--force'],
  ['export', 'x.bin', '--force'],
  ['doctor'],
  ['--help'],
  ['run', '--help'],
  ['--version'],
];

(existsSync(FULL) ? describe : describe.skip)('stdout on a full disk', () => {
  it('is DISK_FULL and exit 6 in every command', () =>
    withModel(async (folder) => {
      for (const args of printing) {
        const { exitCode, stderr } = await withFiles(args, { cwd: folder, stdout: FULL });
        assert.equal(exitCode, 6, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr, /llama: stdout: .*\[DISK_FULL\]\n {2}try: /, args.join(' '));
        assert.doesNotMatch(stderr, / at .*\.js:\d/, args.join(' '));
        assert.equal(stderr.match(/DISK_FULL/g)!.length, 1, args.join(' '));
      }
      assert.ok(existsSync(join(folder, 'v2.bin')) && existsSync(join(folder, 'x.bin')));
    })).timeout(120_000);

  it('does not change the exit status of a failure', () =>
    withModel(async (folder) => {
      const { exitCode, stderr } = await withFiles(['run', 'absent.bin', '--json'], { cwd: folder, stdout: FULL });
      assert.equal(exitCode, 3);
      assert.match(stderr, /DISK_FULL/);
    })).timeout(60_000);

  it('is no failure when only stderr is full', () =>
    withModel(async (folder) => {
      const run = await withFiles(['run', 'm.bin', 'Once', ...answer], { cwd: folder, stderr: FULL });
      assert.equal(run.exitCode, 0);
      assert.match(run.stdout, /^Once/);
      const failed = await withFiles(['run', 'absent.bin'], { cwd: folder, stderr: FULL });
      assert.equal(failed.exitCode, 3);
      const both = await withFiles(['inspect', 'm.bin'], { cwd: folder, stdout: FULL, stderr: FULL });
      assert.equal(both.exitCode, 6);
    })).timeout(60_000);

  it('is refused as the path of an output', () =>
    withModel(async (folder) => {
      for (const args of [
        ['run', 'm.bin', '--input', 'prompts.jsonl', '--output', FULL],
        ['export', FULL],
        ['export', FULL, '--force'],
        ['eval', 'm.bin', '--text', 'text.txt', '--html', FULL],
        ['chat', 'm.bin', '--session', FULL],
        ['chat', 'm.bin', '--transcript', FULL],
      ]) {
        const { exitCode, stderr } = await runLlama(args, { cwd: folder, stdin: 'Hi\n' });
        assert.ok(exitCode === 2 || exitCode === 3 || exitCode === 6, `${args.join(' ')}: ${exitCode} ${stderr}`);
        assert.doesNotMatch(stderr, /INTERNAL| at .*\.js:\d/, args.join(' '));
      }
    })).timeout(60_000);
});

describe('stdin', () => {
  it('that is a folder or cannot be read is FILE_UNREADABLE', () =>
    withModel(async (folder) => {
      for (const args of [['run'], ['run', 'm.bin'], ['chat', 'm.bin'], ['chat', 'm.bin', '--json']]) {
        const { exitCode, stderr, stdout } = await withFiles(args, { cwd: folder, stdin: folder });
        assert.equal(exitCode, 3, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr + stdout, /FILE_UNREADABLE/, args.join(' '));
      }
    })).timeout(60_000);

  // The memory of the process that opens it, of which the first page cannot be read.
  const unreadable = '/proc/self/mem';
  (existsSync(unreadable) ? it : it.skip)('that fails with EIO is FILE_UNREADABLE, with the system’s error', () =>
    withModel(async (folder) => {
      for (const args of [['run'], ['run', 'm.bin'], ['chat', 'm.bin'], ['chat', 'm.bin', '--json']]) {
        const { exitCode, stderr, stdout } = await withFiles(args, { cwd: folder, stdin: unreadable });
        assert.equal(exitCode, 3, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr + stdout, /stdin: cannot be read \(read: EIO\)/, args.join(' '));
        assert.doesNotMatch(stderr, / at .*\.js:\d/, args.join(' '));
      }
    }),
  ).timeout(60_000);

  it('that stays open does not delay a signal', () =>
    withModel(async (folder) => {
      for (const args of [
        ['run', 'm.bin'],
        ['chat', 'm.bin'],
      ]) {
        const child = spawn(process.execPath, [llamaBin, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
        const over = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
        setTimeout(() => child.kill('SIGTERM'), 3_000);
        assert.ok([143, 'SIGTERM'].includes((await over) as never), args.join(' '));
      }
    })).timeout(60_000);
});

describe('an error that nothing catches', () => {
  it('is one line and exit status 8, and its stack is shown with DEBUG', () =>
    withModel(async (folder) => {
      const preload = join(folder, 'surprise.mjs');
      await writeFile(
        preload,
        `const fail = { rejection: () => Promise.reject(new Error('of\\nnobody')), recursion: () => fail.recursion() };
         if (process.argv[1].endsWith('run.js')) setTimeout(fail[process.env.FAIL], 1500);`,
      );
      for (const [FAIL, message] of [
        ['rejection', /^llama: unexpected failure: of nobody \[INTERNAL\]\n {2}try: .*\n$/],
        ['recursion', /^llama: unexpected failure: Maximum call stack size exceeded \[INTERNAL\]\n {2}try: .*\n$/],
      ] as const) {
        for (const DEBUG of ['', '1']) {
          const env = { ...process.env, FAIL, DEBUG, NODE_OPTIONS: `--import ${preload}` };
          const child = spawn(process.execPath, [llamaBin, 'run', 'm.bin'], { cwd: folder, env, stdio: 'pipe' });
          let stderr = '';
          child.stderr.setEncoding('utf8').on('data', (text: string) => {
            stderr += text;
          });
          const code = await new Promise((resolve) => child.on('close', resolve));
          assert.equal(code, 8, stderr);
          if (DEBUG === '') assert.match(stderr, message);
          else assert.match(stderr, / at /);
        }
      }
    })).timeout(60_000);
});

describe('a working folder that was removed', () => {
  it('is reported in one line without a stack trace', function () {
    if (process.platform !== 'linux') return this.skip();
    return withFolder(async (folder) => {
      const gone = join(folder, 'gone');
      for (const args of ['run -n 3 -t 0 -i Once', 'inspect m.bin', 'export m.bin', 'chat m.bin', '--help']) {
        await mkdir(gone);
        const script = `cd "$1" && rmdir "$1" && exec "$2" "$3" ${args} </dev/null`;
        const { exitCode, stderr } = await shell(script, [gone, process.execPath, llamaBin]);
        assert.doesNotMatch(stderr, /INTERNAL| at .*\.js:\d/, args);
        assert.ok(exitCode === 0 || exitCode === 3 || exitCode === 2, `${args}: ${exitCode} ${stderr}`);
      }
    });
  }).timeout(60_000);
});

describe('the files that chat writes', () => {
  it('are opened before the first message, and none is left when that fails', () =>
    withModel(async (folder) => {
      await mkdir(join(folder, 'here'));
      await symlink(join(folder, 'text.txt'), join(folder, 'here', 'link'));
      await symlink(join(folder, 'absent'), join(folder, 'here', 'dangling'));
      const cwd = join(folder, 'here');
      for (const [flag, path] of [
        ['--session', 'absent/talk.session'],
        ['--session', 'dangling'],
        ['--session', '.'],
        ['--transcript', 'link'],
        ['--transcript', 'dangling'],
        ['--transcript', '.'],
        ['--transcript', '/dev/null'],
      ] as const) {
        const { exitCode, stdout, stderr } = await runLlama(['chat', '../m.bin', flag, path], { cwd, stdin: 'Hi\n' });
        assert.ok(exitCode === 2 || exitCode === 6, `${flag} ${path}: ${exitCode} ${stderr}`);
        assert.equal(stdout, '', `${flag} ${path}`);
        assert.match(stderr, /try: /, `${flag} ${path}`);
      }
      assert.deepEqual((await readdir(cwd)).sort(), ['dangling', 'link']);
      const silent = await runLlama(['chat', '../m.bin', '--transcript', 'new.jsonl'], { cwd, stdin: '' });
      assert.equal(silent.exitCode, 0, silent.stderr);
      assert.ok(!existsSync(join(cwd, 'new.jsonl')));
    })).timeout(60_000);
});

interface Files {
  readonly cwd: string;
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Runs a command with files in place of pipes; what goes to a file is not in the result. */
async function withFiles(args: readonly string[], { cwd, stdin, stdout, stderr }: Files) {
  const fds = [
    stdin === undefined ? null : openSync(stdin, 'r'),
    stdout === undefined ? null : openSync(stdout, 'w'),
    stderr === undefined ? null : openSync(stderr, 'w'),
  ] as const;
  try {
    const [input, output, errors] = fds.map((fd) => fd ?? 'pipe');
    return await outputOf(
      spawn(process.execPath, [llamaBin, ...args], { cwd, stdio: [input!, output!, errors!] }),
      'Hi\n',
    );
  } finally {
    for (const fd of fds) if (fd !== null) closeSync(fd);
  }
}

function shell(script: string, args: readonly string[]) {
  return outputOf(spawn('sh', ['-c', script, 'sh', ...args], { cwd: '/' }), 'Hi\n');
}

/** A folder with a model of each version, a text and prompts. */
async function withModel(work: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    for (const [name, version] of [
      ['m.bin', '2'],
      ['v1.bin', '1'],
    ] as const) {
      const { exitCode, stderr } = await runLlama(['export', name, '--version', version], { cwd: folder });
      assert.equal(exitCode, 0, stderr);
    }
    await writeFile(join(folder, 'text.txt'), 'Once upon a time there was a fox. '.repeat(5));
    await writeFile(join(folder, 'prompts.jsonl'), '{"prompt": "Once"}\n{"prompt": "Then"}\n');
    await work(folder);
    await rm(join(folder, 'm.bin'));
  });
}
