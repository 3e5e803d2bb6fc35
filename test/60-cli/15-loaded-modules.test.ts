// Which packages a command loads: what it does not need would delay its first word.

import { strict as assert } from 'node:assert';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const preload = new URL('../helpers/list-modules.mjs', import.meta.url);
/** The packages of the toolkit that speak to no model file, and what draws spinners. */
const unneeded = ['exporter', 'evaluate', 'safetensors', 'gguf', 'ora'];

describe('the packages that a command loads', () => {
  it('are only those that run and chat need when a model answers', () =>
    withFolder(async (folder) => {
      const model = join(folder, 'model.bin');
      const exported = await loadedBy(folder, ['export', model]);
      for (const name of ['exporter', 'format', 'kernels']) assert.ok(exported.has(name), `export loads ${name}`);
      for (const args of [
        ['run', model, 'Once', '--max-tokens', '1'],
        ['chat', model, '--max-tokens', '1'],
      ]) {
        const loaded = await loadedBy(folder, args);
        for (const name of ['runtime', 'format', 'kernels']) assert.ok(loaded.has(name), `${args[0]} loads ${name}`);
        for (const name of unneeded) assert.ok(!loaded.has(name), `${args[0]} loads ${name}`);
      }
    }));

  it('include no model code for help and the version', () =>
    withFolder(async (folder) => {
      for (const args of [['--version'], ['--help'], ['run', '--help']]) {
        const loaded = await loadedBy(folder, args);
        for (const name of ['runtime', 'kernels', ...unneeded]) assert.ok(!loaded.has(name), `${args} loads ${name}`);
      }
    }));
});

/** Names of the packages of which `llama ...args` loads a module. */
async function loadedBy(folder: string, args: readonly string[]): Promise<Set<string>> {
  const list = join(folder, 'loaded.txt');
  await rm(list, { force: true });
  const env = { NODE_OPTIONS: `--import ${preload}`, LIST_MODULES_IN: list, XDG_CACHE_HOME: folder };
  const { exitCode, stderr } = await runLlama(args, { env, stdin: 'Hi\n' });
  assert.equal(exitCode, 0, stderr);
  const urls = (await readFile(list, 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
  return new Set(urls.map(packageOf));
}

/** `exporter` for a module of packages/exporter, `ora` for one of node_modules/ora. */
function packageOf(url: string): string {
  return /.*\/(?:node_modules|packages)\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? url;
}
