// Choices that are measured: once for a CPU, and again where the file that keeps them is not there or not whole.

import { strict as assert } from 'node:assert';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseTuning } from '../../packages/kernels/src/native/cpu-tuning.js';
import { measuredTuning } from '../../packages/kernels/src/platform/node-measured-tuning.js';
import { encodeTuning } from '../../packages/kernels/src/tuning.js';

const found = { prefetch: 'second-level', prefetchBytes: 12288 } as const;
const defaults = {
  prefetch: 'first-level',
  prefetchBytes: 8192,
  streamTokens: 4,
  shareBytes: 65536,
  spins: 4000,
  copyMap: 'small-pages',
} as const;
const backend = { name: 'generic', rowCost: 1, prefersGroupMaxima: false, tuning: encodeTuning(defaults) } as const;
const zen4 = { vendor: 'AuthenticAMD', family: 25, model: 17 };
const unknownCpu = { vendor: 'AuthenticAMD', family: 99, model: 1 };

describe('the measured tuning of a CPU', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-tuning-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is measured once and kept by the name of the CPU', async () => {
    let measurements = 0;
    const measure = async () => {
      measurements++;
      return found;
    };
    for (const cpu of ['A CPU/@ 2 GHz', 'A CPU/@ 2 GHz', 'another']) {
      assert.deepEqual(await measuredTuning(folder, cpu, measure), found);
    }
    assert.equal(measurements, 2);
    assert.deepEqual((await readdir(join(folder, 'kernels'))).sort(), ['A-CPU-2-GHz.json', 'another.json']);
  });

  for (const text of ['', '{"prefetch": "third-level", "prefetchBytes": 1}', '{"prefetch": "none"}', 'null']) {
    it(`is measured again when its file holds ${text || 'nothing'}`, async () => {
      await measuredTuning(folder, 'cpu', async () => found);
      await writeFile(join(folder, 'kernels/cpu.json'), text);
      assert.deepEqual(await measuredTuning(folder, 'cpu', async () => found), found);
      assert.deepEqual(JSON.parse(await readFile(join(folder, 'kernels/cpu.json'), 'utf8')), found);
    });
  }

  it('is used even when it cannot be saved', async () => {
    await writeFile(join(folder, 'kernels'), 'a file where the folder belongs');
    assert.deepEqual(await measuredTuning(folder, 'cpu', async () => found), found);
  });
});

describe('the table of CPUs with a known tuning', () => {
  it('prefetches the first line of each page on a Zen 4, and gives the CPU as the reason', () => {
    const { prefetch, prefetchBytes, spins, cpu, reasons } = chooseTuning(backend, zen4, {});
    assert.deepEqual([prefetch, prefetchBytes, spins, cpu], ['page-starts', 4096, 4000, 'AMD Zen 4']);
    assert.deepEqual([reasons.prefetch, reasons.spins], ['CPU', 'default']);
  });

  it('prefetches into the second level on Sapphire Rapids and Emerald Rapids', () => {
    for (const model of [143, 207]) {
      const { prefetch, reasons } = chooseTuning(backend, { vendor: 'GenuineIntel', family: 6, model }, {});
      assert.deepEqual([prefetch, reasons.prefetch], ['second-level', 'CPU']);
    }
  });

  it('gives way to a measured tuning, which gives way to a forced one', () => {
    const measured = chooseTuning(backend, unknownCpu, { measured: found });
    assert.deepEqual([measured.prefetch, measured.cpu, measured.reasons.prefetch], ['second-level', null, 'measured']);
    const forced = chooseTuning(backend, unknownCpu, { measured: found, forced: { prefetch: 'none' } });
    assert.deepEqual(
      [forced.prefetch, forced.reasons.prefetch, forced.reasons.prefetchBytes],
      ['none', 'forced', 'measured'],
    );
  });

  it('never streams more tokens than the kernels are compiled for', () => {
    assert.equal(chooseTuning(backend, zen4, { forced: { streamTokens: 64 } }).streamTokens, 4);
  });
});
