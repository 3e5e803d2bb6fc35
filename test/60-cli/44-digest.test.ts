// llama run --digest: the model's checksum and a digest of the answer.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const args = ['-i', 'Once upon a time', '-n', '20', '--seed', '5', '--digest'];

describe('llama run --digest', () => {
  it('prints the same two digests on stderr, as JSON, on WebAssembly, and for a line of a file of prompts', async () => {
    await withFolder(async (folder) => {
      const env = { XDG_CACHE_HOME: folder };
      const { stderr, exitCode } = await runLlama(['run', ...args], { env });
      assert.equal(exitCode, 0, stderr);
      const [, model] = /^model sha256 ([0-9a-f]{64})$/m.exec(stderr)!;
      const [, answer] = /^answer sha256 ([0-9a-f]{64})$/m.exec(stderr)!;
      const { stdout } = await runLlama(['run', ...args, '--json', '--backend', 'wasm', '--threads', '2'], { env });
      const reported = JSON.parse(stdout) as { modelSha256: string; digest: string };
      assert.deepEqual([reported.modelSha256, reported.digest], [model, answer]);
      const input = join(folder, 'prompts.jsonl');
      const output = join(folder, 'results.jsonl');
      // 20 positions: the prompt has 5 tokens.
      const line = { prompt: 'Once upon a time', max_tokens: 16, seed: 5, digest: true };
      await writeFile(input, `${JSON.stringify(line)}\n${JSON.stringify({ ...line, digest: false })}\n`);
      const batch = await runLlama(['run', '--input', input, '--output', output], { env });
      assert.equal(batch.exitCode, 0, batch.stderr);
      const [first, second] = (await readFile(output, 'utf8')).split('\n').map((text) => JSON.parse(text || '{}'));
      assert.equal(first.digest, answer);
      assert.equal('digest' in second, false);
    });
  });
});
