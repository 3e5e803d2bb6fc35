// docs/errors.md names every code, with the exit status that the command line gives it.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { errorCodes } from '@llama-ts/base';
import { exitCodeOf } from '../../packages/cli/src/failure/exit-codes.js';

const document = new URL('../../docs/errors.md', import.meta.url);

describe('the table of error codes', () => {
  it('lists every code of the toolkit once, in order, with its exit status', async () => {
    const text = await readFile(document, 'utf8');
    const rows = [...text.matchAll(/^\| `([A-Z0-9_]+)` +\| (\d+)/gm)].map(([, code, status]) => [code, Number(status)]);
    assert.deepEqual(
      rows,
      errorCodes.map((code) => [code, exitCodeOf(code)]),
    );
  });
});
