// Files with random damage: every reader gives a toolkit error or a right result.
//
// LLAMA_TEST_FUZZ_SEED is another seed; scripts/fuzz/fuzz.mjs runs a million cases, with a watch on time and memory.

import { strict as assert } from 'node:assert';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FuzzTarget, runCases } from './fuzz/run-cases.js';
import { fuzzTargets } from './fuzz/targets.js';

const SEED = Number(process.env.LLAMA_TEST_FUZZ_SEED ?? 20_261_124);
const nCases = ({ weight = 1 }: FuzzTarget): number => Math.ceil(600 * weight);

describe('a damaged file', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'llama-fuzz-'));
  after(() => rm(scratch, { recursive: true, force: true }));

  for (const target of fuzzTargets(scratch)) {
    it(`(${target.name}) is refused with a code or read correctly`, async () => {
      const { refused } = await runCases(target, { seed: SEED, from: 0, to: nCases(target) });
      assert.ok(refused > 0, 'nothing was refused: the damage reached nothing');
    }).timeout(60_000);
  }
});
