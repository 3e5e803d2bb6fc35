// llama bench on the sample model: what it measures and reports, not how fast.

import { strict as assert } from 'node:assert';
import { openFile } from '@llama-ts/base';
import { layout, readBinFile } from '@llama-ts/format';
import type { Spread } from '../../packages/cli/src/bench/statistics.js';
import { spread } from '../../packages/cli/src/bench/statistics.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

describe('llama bench', () => {
  it('measures a prompt and generation, against the ceiling of reading memory', () =>
    withFolder(async (folder) => {
      const args = ['bench', '-p', '16', '-n', '4', '-d', '8', '-r', '3', '--json'];
      const { exitCode, stdout, stderr } = await runLlama(args, { env: { XDG_CACHE_HOME: folder } });
      assert.equal(exitCode, 0, stderr);
      const report = JSON.parse(stdout);
      assert.deepEqual(
        report.tests.map(({ test, nTokens, depth }: Record<string, unknown>) => [test, nTokens, depth]),
        [
          ['prompt', 16, 0],
          ['generation', 4, 8],
        ],
      );
      for (const { tokensPerSecond } of report.tests as { tokensPerSecond: Spread }[]) {
        const { min, median, max } = tokensPerSecond;
        assert(0 < min && min <= median && median <= max);
      }
      assert(report.readBytesPerSecond > 0);
      assert.equal(report.repetitions, 3);
    }));

  for (const version of ['2', '3']) {
    it(`counts the weights of a v${version} that a token reads`, () =>
      withFolder(async (folder) => {
        const env = { XDG_CACHE_HOME: folder };
        const exported = await runLlama(['export', `${folder}/m.bin`, '--version', version], { env });
        assert.equal(exported.exitCode, 0, exported.stderr);
        const source = await openFile(`${folder}/m.bin`);
        const { header } = await readBinFile(source);
        await source.close();
        const { stdout } = await runLlama(['bench', `${folder}/m.bin`, '-p', '0', '-n', '1', '-r', '1', '--json'], {
          env,
        });
        // The sample model's embedding table is its classifier, so all is read.
        assert.equal(header.dimensions.sharedClassifier, true);
        const { tensors, weightsEnd } = layout(header);
        // Between tensors of a v3 lie bytes of padding, which no kernel reads.
        const read = version === '2' ? weightsEnd - tensors[0]!.byteOffset : lengthOf(tensors);
        assert.equal(JSON.parse(stdout).bytesPerToken, read);
      }));
  }

  it('prints a table, one row a test', () =>
    withFolder(async (folder) => {
      const { stdout } = await runLlama(['bench', '-p', '8', '-n', '2', '-r', '1'], {
        env: { XDG_CACHE_HOME: folder },
      });
      assert.match(stdout, /^sample-model: .* of weights a token; .*read ceiling [\d.]+ GB\/s\n\n\| test/);
      assert.match(stdout, /\n\| prompt of 8 +\| +[\d.]+ \| .*\n\| generation of 2 +\| +[\d.]+ \| .* \d+ % \|\n$/);
    }));

  it("refuses to measure nothing, and more tokens than the model's context", () =>
    withFolder(async (folder) => {
      const env = { XDG_CACHE_HOME: folder };
      const nothing = await runLlama(['bench', '-p', '0', '-n', '0'], { env });
      assert.equal(nothing.exitCode, 2);
      assert.match(nothing.stderr, /nothing to measure/);
      const tooMuch = await runLlama(['bench', '-p', '100000'], { env });
      assert.match(tooMuch.stderr, /INVALID_OPTION/);
    }));

  it('reports the median of repeated measurements', () => {
    assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
    assert.deepEqual(spread([4, 1]), { median: 2.5, min: 1, max: 4 });
    assert.deepEqual(spread([7]), { median: 7, min: 7, max: 7 });
  });
});

function lengthOf(tensors: readonly { readonly byteLength: number }[]): number {
  return tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
