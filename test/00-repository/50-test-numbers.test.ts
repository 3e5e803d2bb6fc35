// The numbers of test folders and test files: each is used once, and test/README.md says what each folder tests.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const areas = fs
  .readdirSync(root)
  .filter((name) => /^\d/.test(name))
  .sort();

describe('the numbers of the tests', () => {
  it('are used once among the folders of test/', () => {
    assert.deepEqual(repeated(areas), []);
  });

  it('are used once among the test files of each folder', () => {
    const found = areas.flatMap((area) => {
      const files = fs.readdirSync(path.join(root, area)).filter((name) => name.endsWith('.test.ts'));
      assert.ok(
        files.every((name) => /^\d\d-/.test(name)),
        `test/${area}: a test file without a number`,
      );
      return repeated(files).map((number) => `${area}/${number}`);
    });
    assert.deepEqual(found, []);
  });

  it('are explained in test/README.md, one folder a row', () => {
    const rows = fs.readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/^\| (\d\d-\S+) \|/gm);
    assert.deepEqual(
      [...rows].map(([, area]) => area),
      areas,
    );
  });
});

/** Numbers that more than one of these names begins with. */
function repeated(names: readonly string[]): string[] {
  const numbers = names.map((name) => /^\d+/.exec(name)![0]);
  return [...new Set(numbers.filter((number, i) => numbers.indexOf(number) !== i))];
}
