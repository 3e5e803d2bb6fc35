// How the sources recognise an error of the toolkit: a program may hold two copies of @llama-ts/base, as loaders and bundlers
// make them, and each copy has its own class.

import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

describe('the sources', () => {
  it('recognise errors of the toolkit by isToolkitError, not by their class', () => {
    const files = readdirSync(packages)
      .map((name) => join(packages, name, 'src'))
      .flatMap((folder) => filesOf(folder).map((file) => join(folder, file)))
      .filter((file) => /\.tsx?$/.test(file));
    assert.ok(files.length > 500);
    assert.deepEqual(
      files.filter((file) => /instanceof ToolkitError/.test(readFileSync(file, 'utf8'))),
      [],
    );
  });
});

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // A package without TypeScript.
    return [];
  }
}
