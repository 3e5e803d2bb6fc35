// What the package says of itself is true: its version in provenance, its README's example.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { TOOL } from '@llama-ts/exporter';
import { readJson, withFolder } from './support.js';

const packageFolder = fileURLToPath(new URL('../../packages/exporter', import.meta.url));

describe('the exporter package', () => {
  it('signs files with its own version', async () => {
    const { version } = await readJson(join(packageFolder, 'package.json'));
    assert.equal(TOOL, `llama3.2.ts ${version}`);
  });

  it('has an example in its README that runs as it stands', async () => {
    const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
    const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.ok(example !== undefined);
    // The example runs in a scratch folder, from where the packages cannot be found by name.
    const { resolve } = createRequire(import.meta.url);
    const linked = example.replace(
      /from '(@llama-ts\/[\w-]+)'/g,
      (_, name: string) => `from '${pathToFileURL(resolve(name)).href}'`,
    );
    assert.notEqual(linked, example);
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'example.mjs'), linked);
      const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
      assert.match(stdout, /^norm\.weight 512$/m);
      assert.match(stdout, /^bin \d+$/m);
    });
  });
});
