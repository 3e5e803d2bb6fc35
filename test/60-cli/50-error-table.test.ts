// docs/errors.md names every code that is thrown, with the exit status the command line gives it.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodeOf } from '../../packages/cli/src/exit-codes.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the table of error codes', () => {
  it('states the exit status of each code', async () => {
    const rows = await readRows();
    assert.ok(rows.size > 50);
    for (const [code, status] of rows) assert.equal(exitCodeOf(code), status, code);
  });

  it('names every code that a package throws', async () => {
    const rows = await readRows();
    const thrown = await thrownCodes();
    assert.ok(thrown.size > 30);
    assert.deepEqual(
      [...thrown].filter((code) => !rows.has(code)),
      [],
    );
  });
});

async function readRows(): Promise<Map<string, number>> {
  const text = await readFile(join(root, 'docs', 'errors.md'), 'utf8');
  return new Map(
    [...text.matchAll(/^\| `([A-Z0-9_]+)` +\| (\d+)/gm)].map(([, code, status]) => [code!, Number(status)]),
  );
}

async function thrownCodes(): Promise<Set<string>> {
  const codes = new Set<string>();
  for (const name of await readdir(join(root, 'packages'))) {
    const folder = join(root, 'packages', name, 'src');
    const paths = await readdir(folder, { recursive: true }).catch(() => []);
    for (const path of paths.filter((entry) => entry.endsWith('.ts'))) {
      const source = await readFile(join(folder, path), 'utf8');
      for (const [, code] of source.matchAll(/new ToolkitError\(\s*'([A-Z0-9_]+)'/g)) codes.add(code!);
    }
  }
  return codes;
}
