import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { modelFile } from './support.js';

describe('examples/stream.ts', () => {
  it('streams a story from a model file', async () => {
    const example = fileURLToPath(new URL('../../examples/stream.ts', import.meta.url));
    const output = execFileSync(process.execPath, ['--import', 'tsx', example, await modelFile('sample', 2)], {
      encoding: 'utf8',
    });
    assert.match(output, /^Once upon a time, there was a /);
  }).timeout(60_000);
});
