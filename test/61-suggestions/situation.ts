// A small situation in a folder of its own: files, variables, a hub, and a shell with `llama` on its PATH.

import { spawn, spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { SMALL, writeCheckpoint } from '../48-durable/support.js';
import { type ChildOutput, outputOf } from '../helpers/child-output.js';
import { llamaBin, runLlama } from '../helpers/run-llama.js';

/** Files that scenarios start from, made once. */
export interface Fixtures {
  readonly folder: string;
  /** Path of one of them. */
  path(name: string): string;
}

/** Makes model.bin (v1), v2.bin, v3.bin, plain.bin, tokenizer.bin and the sample's checkpoint, and the llama command. */
export async function makeFixtures(): Promise<Fixtures> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-suggestions-'));
  await cp(sampleModelPath, join(folder, 'checkpoint'), { recursive: true });
  await cp(sampleModelPath, join(folder, 'base'), { recursive: true });
  await withoutChatTemplate(join(folder, 'base', 'tokenizer_config.json'));
  await mkdir(join(folder, 'other'));
  await writeCheckpoint(join(folder, 'other'), SMALL);
  for (const args of [
    ['export', 'model.bin', '--hf', 'checkpoint', '--tokenizer-bin', 'tokenizer.bin'],
    ['export', 'v2.bin', '--hf', 'checkpoint', '--version', '2'],
    ['export', 'v3.bin', '--hf', 'checkpoint', '--version', '3'],
    ['export', 'plain.bin', '--hf', 'checkpoint', '--plain'],
    ['export', 'other.bin', '--hf', 'other'],
    ['export', 'base.bin', '--hf', 'base'],
    ['export', 'v0.bin', '--hf', 'checkpoint', '--version', '0', '--plain'],
  ]) {
    const { exitCode, stderr } = await runLlama(args, { cwd: folder });
    if (exitCode !== 0) throw new Error(stderr);
  }
  await mkdir(join(folder, 'bin'));
  const quoted = [process.execPath, llamaBin].map((path) => `'${path.replaceAll("'", "'\\''")}'`).join(' ');
  await writeFile(join(folder, 'bin', 'llama'), `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(join(folder, 'bin', 'llama'), 0o755);
  return { folder, path: (name) => join(folder, name) };
}

async function withoutChatTemplate(path: string): Promise<void> {
  const { chat_template: _, ...config } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify(config));
}

/** Where one scenario happens. */
export interface Situation {
  /** The folder that commands run in; its name needs quotes in a shell. */
  readonly folder: string;
  /** Variables of the commands; undefined for one that must not be set. */
  readonly env: Record<string, string | undefined>;
  /** Path of a file in the folder. */
  path(name: string): string;
  /** Copies a fixture into the folder. */
  take(name: string, as?: string): Promise<string>;
  /** Writes a file into the folder. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** Makes a program that stands in for one this machine may not have. */
  tool(name: string, script: string): Promise<void>;
  /** Runs a command line in a shell. */
  run(command: string, stdin?: string): Promise<ChildOutput>;
  /** Calls this when the situation is over. */
  defer(end: () => unknown): void;
  /** Ends it, and empties the folder, so that it can begin anew. */
  clear(): Promise<void>;
}

/** An empty situation. */
export async function openSituation(fixtures: Fixtures): Promise<Situation> {
  const base = await mkdtemp(join(fixtures.folder, 'scenario-'));
  const folder = join(base, `it's "my" $HOME`);
  const deferred: (() => unknown)[] = [];
  const env: Record<string, string | undefined> = {};
  const path = (name: string): string => join(folder, name);
  await mkdir(folder);
  return {
    folder,
    env,
    path,
    async take(name, as = name) {
      await cp(fixtures.path(name), path(as), { recursive: true });
      return path(as);
    },
    async write(name, content) {
      await mkdir(join(path(name), '..'), { recursive: true });
      await writeFile(path(name), content);
      return path(name);
    },
    async tool(name, script) {
      await mkdir(join(base, 'bin'), { recursive: true });
      await writeFile(join(base, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    run: (command, stdin) =>
      runInShell(command, { cwd: folder, env: { ...cleanEnvironment(base, fixtures), ...env } }, stdin),
    defer: (end) => deferred.push(end),
    async clear() {
      for (const end of deferred.splice(0).reverse()) await end();
      for (const name of Object.keys(env)) delete env[name];
      await rm(base, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
    },
  };
}

/** Neither settings nor caches of the user who runs the tests; the sample model is exported once. */
function cleanEnvironment(base: string, fixtures: Fixtures): Record<string, string | undefined> {
  const { PATH, TMPDIR, NODE_V8_COVERAGE, LANG } = process.env;
  return {
    PATH: [join(base, 'bin'), join(fixtures.folder, 'bin'), PATH].join(delimiter),
    TMPDIR,
    LANG,
    NODE_V8_COVERAGE,
    NO_COLOR: '1',
    HOME: base,
    XDG_CACHE_HOME: join(fixtures.folder, 'cache'),
    XDG_STATE_HOME: join(base, 'state'),
    LLAMA_HOME: join(base, 'store'),
    HF_HOME: join(base, 'hf'),
    HF_ENDPOINT: 'http://127.0.0.1:9', // no scenario may reach a hub that it did not start
  };
}

/** The superuser would read and write everything; without these capabilities file modes hold for them too. */
const withoutPrivileges = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
const shell = (() => {
  const plain = ['/bin/sh', '-c'];
  if (process.getuid?.() !== 0) return plain;
  const [program, ...args] = withoutPrivileges;
  return spawnSync(program!, [...args, 'true']).status === 0 ? [...withoutPrivileges, ...plain] : plain;
})();
/** Whether file modes hold for what {@link Situation.run} runs. */
export const hasModes = process.getuid?.() !== 0 || shell.length > 2;

function runInShell(
  command: string,
  { cwd, env }: { readonly cwd: string; readonly env: Record<string, string | undefined> },
  stdin = '',
): Promise<ChildOutput> {
  return outputOf(spawn(shell[0]!, [...shell.slice(1), command], { cwd, env: env as NodeJS.ProcessEnv }), stdin);
}
