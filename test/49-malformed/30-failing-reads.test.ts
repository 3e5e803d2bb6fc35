// Sources that fail under the reader: a disk that cannot read, or a file that is suddenly shorter, at every single read.

import { strict as assert } from 'node:assert';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { convertModel, exportModel, quantizeModel } from '@llama-ts/exporter';
import { finish, withFolder, writeCheckpoint } from '../48-durable/support.js';
import { withFailingReads } from '../helpers/failing-reads.js';

const TINY = { dim: 64, hiddenDim: 64, nLayers: 1 };
const CODES = ['FILE_UNREADABLE', 'FILE_SHRANK', 'SAFETENSORS_TRUNCATED', 'SOURCE_CHANGED'];

type Work = (folder: string) => AsyncGenerator<unknown, unknown>;

const cases: readonly [what: string, path: string, how: 'EIO' | 'end', work: Work][] = [
  ...(['EIO', 'end'] as const).flatMap((how): readonly [string, string, 'EIO' | 'end', Work][] => [
    ['exports', 'model.safetensors', how, (at) => exportModel({ source: join(at, 'model'), output: join(at, 'out') })],
    ['quantizes', 'in.bin', how, (at) => quantizeModel({ input: join(at, 'in.bin'), output: join(at, 'out') })],
    [
      'converts',
      'in.bin',
      how,
      (at) => convertModel({ source: join(at, 'in.bin'), output: join(at, 'out'), to: 'gguf' }),
    ],
  ]),
  ['exports', 'config.json', 'EIO', (at) => exportModel({ source: join(at, 'model'), output: join(at, 'out') })],
];

describe('a source that fails at any one read', () => {
  for (const [what, path, how, work] of cases) {
    const problem = how === 'EIO' ? 'cannot be read (EIO)' : 'ends too early';
    it(`leaves no file when ${path} ${problem} during a run that ${what} it`, () =>
      withFolder(async (folder) => {
        await mkdir(join(folder, 'model'));
        await writeCheckpoint(join(folder, 'model'), TINY);
        await finish(exportModel({ source: join(folder, 'model'), output: join(folder, 'in.bin') }));
        const before = await readdir(folder);
        for (let failAt = 0; ; failAt++) {
          const { hasFailed } = await withFailingReads({ path, failAt, how }, async () => {
            const running = work(folder);
            for (;;) {
              const step = await running.next().catch((error: unknown) => error as Error);
              if (step instanceof Error) {
                assert.ok(isToolkitError(step), `read ${failAt}: ${step.stack}`);
                assert.ok(CODES.includes(step.code), `read ${failAt}: ${step.code}, ${step.message}`);
                assert.ok(step.suggestions.length > 0, `read ${failAt}: ${step.code} without a remedy`);
                return;
              }
              if (step.done === true) return;
            }
          });
          const after = await readdir(folder);
          if (!hasFailed) {
            assert.ok(failAt > 0 && after.includes('out'), `${failAt} reads`);
            return;
          }
          assert.deepEqual(after, before, `read ${failAt}`);
        }
      })).timeout(60_000);
  }
});
