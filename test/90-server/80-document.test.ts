// docs/server.md: every curl command works unchanged, and its table is that of the endpoints.

import { strict as assert } from 'node:assert';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endpoints } from '@llama-ts/server';
import { llamaFile, readJson } from '../helpers/tokenizers.js';
import { type RunningServer, startServer } from './serve-command.js';

const page = await readFile(new URL('../../docs/server.md', import.meta.url), 'utf8');
const ADDRESS = 'http://127.0.0.1:8080';
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The commands of the page that call the server; a line that ends with a backslash goes on. */
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => block!.replaceAll('\\\n', ' ').split(/\n(?=[a-z])/))
  .map((command) => command.trim())
  .filter((command) => command.startsWith('curl '));

describe('docs/server.md', function () {
  // A busy machine takes its time to start a server.
  this.timeout(120_000);
  let folder: string;
  let server: RunningServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-serve-page-'));
    const template = join(folder, 'template.jinja');
    await writeFile(template, readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template);
    server = await startServer(['--chat-template', template]);
  });
  after(async () => {
    server.child.kill('SIGKILL');
    await server.over;
    await rm(folder, { recursive: true, force: true });
  });

  for (const command of commands) {
    it(`has a command that works as it is: ${command.replaceAll(/\s+/g, ' ').slice(0, 90)}`, async function () {
      if (!hasCurl || process.platform === 'win32') return this.skip();
      const typed = command.replace('curl ', 'curl -sS --fail-with-body ').replaceAll(ADDRESS, server.address);
      const { stdout } = await promisify(execFile)('/bin/sh', ['-c', typed]);
      assert.match(stdout, /^(\{|data: |event: |# HELP )/);
    });
  }

  it('has an example that works: examples/openai-client.ts', async () => {
    const example = fileURLToPath(new URL('../../examples/openai-client.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', example, server.address]);
    const [text, described, called] = stdout.trim().split('\n');
    assert.match(text!, /\w/);
    assert.deepEqual(Object.keys(JSON.parse(described!)), ['animal', 'legs']);
    assert.match(called!, /^get_weather\(\{"city": ?"(Oslo|Rome)"\}\)$/);
  }).timeout(120_000);

  it('calls every endpoint', () => {
    const missing = endpoints.filter(
      ({ path }) => !commands.some((command) => command.includes(`${ADDRESS}${path.replace(/:.*/, '')}`)),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
  });

  it('has a table of all endpoints that says which require a key, and in whose words they refuse', () => {
    const rows = [...page.matchAll(/^\| `(GET|POST) (\S+)` \| (yes|no) \| checked \| (\w+) \| answered \|/gm)].map(
      ([, method, path, key, errors]) => `${method} ${path} ${key} ${errors}`,
    );
    const names = { openai: 'OpenAI', anthropic: 'Anthropic' };
    const expected = endpoints.map(
      ({ method, path, needsKey, errors }) =>
        `${method} ${path.replace(/:(\w+)/, '{$1}')} ${needsKey ? 'yes' : 'no'} ${names[errors]}`,
    );
    assert.deepEqual(rows, expected);
  });
});
