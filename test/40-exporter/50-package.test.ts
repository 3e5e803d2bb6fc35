// What the package says of itself is true: its version in provenance, its README's example.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TOOL } from '@llama-ts/base';
import { readJson, withFolder } from './support.js';

const packageFolder = fileURLToPath(new URL('../../packages/exporter', import.meta.url));
const installed = fileURLToPath(new URL('../../node_modules', import.meta.url));

describe('the exporter package', () => {
  it('writes its own version into files', async () => {
    const { version } = await readJson(join(packageFolder, 'package.json'));
    assert.equal(TOOL, `llama3.2.ts ${version}`);
  });

  it('has an example in its README that runs as it stands', async () => {
    const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
    const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.ok(example !== undefined);
    await withFolder(async (folder) => {
      // A folder of its own, where the packages are installed by their names.
      await mkdir(join(folder, 'node_modules'));
      await symlink(join(installed, '@llama-ts'), join(folder, 'node_modules/@llama-ts'), 'junction');
      await writeFile(join(folder, 'example.mjs'), example);
      const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
      assert.match(stdout, /^norm\.weight 512$/m);
      assert.match(stdout, /^bin \d+$/m);
    });
  });
});
