// Choices for a CPU that the table does not list: measured once, and kept in a file of the cache folder.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernels } from '../kernels.js';
import { checkTuning, type Tuning } from '../tuning.js';

/** What is measured. */
export type MeasuredTuning = Pick<Tuning, 'prefetch' | 'prefetchBytes'>;

/** The first is the default, which others must beat by `ADVANTAGE`. */
const measuredChoices: readonly MeasuredTuning[] = [
  { prefetch: 'first-level', prefetchBytes: 8192 },
  { prefetch: 'second-level', prefetchBytes: 12288 },
  { prefetch: 'page-starts', prefetchBytes: 4096 },
];
/** Smaller differences come and go with the load of the machine. */
const ADVANTAGE = 1.08;
/** More than the second-level cache of a core holds; reading it takes a millisecond or two. */
const [ROWS, COLS, GROUP_SIZE] = [8192, 2048, 64];
const REPETITIONS = 3;

/**
 * The choices in `folder` for a CPU; measures and keeps them if there are none. A file that cannot be read or written is not an
 * error: the choices are measured again next time.
 */
export async function measuredTuning(
  folder: string,
  cpu: string,
  measure: () => Promise<MeasuredTuning>,
): Promise<MeasuredTuning> {
  const path = join(folder, 'kernels', `${cpu.replace(/[^\w.-]+/g, '-')}.json`);
  const known = await readTuning(path);
  if (known !== null) return known;
  const measured = await measure();
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await mkdir(join(folder, 'kernels'), { recursive: true });
    await writeFile(temporary, `${JSON.stringify(measured)}\n`, { flag: 'wx' });
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
  return measured;
}

/** null for a file that is missing or that this version did not write. */
async function readTuning(path: string): Promise<MeasuredTuning | null> {
  try {
    const { prefetch, prefetchBytes } = JSON.parse(await readFile(path, 'utf8'));
    if (prefetch === undefined || prefetchBytes === undefined) return null;
    checkTuning({ prefetch, prefetchBytes });
    return { prefetch, prefetchBytes };
  } catch {
    return null;
  }
}

/** Measures a single token with each of {@link measuredChoices}, in less than 20 ms. @param open opens kernels of one thread */
export async function measureTuning(open: (tuning: MeasuredTuning) => Kernels): Promise<MeasuredTuning> {
  const all = measuredChoices.map((tuning) => ({ tuning, kernels: open(tuning), best: Number.POSITIVE_INFINITY }));
  const { allocate } = all[0]!.kernels;
  const values = allocate.int8(ROWS * COLS).fill(1); // pages that were never written may all be one page of zeros
  const scales = allocate.float32((ROWS * COLS) / GROUP_SIZE);
  const x = allocate.float32(COLS);
  const out = allocate.float32(ROWS);
  const weight = { dtype: 'Q8_0', rows: ROWS, cols: COLS, groupSize: GROUP_SIZE, values, scales } as const;
  for (let i = 0; i < REPETITIONS; i++) {
    for (const one of all) {
      const start = performance.now();
      one.kernels.linear([out], [weight], x);
      await one.kernels.run();
      one.best = Math.min(one.best, performance.now() - start);
    }
  }
  for (const { kernels } of all) await kernels.close();
  const [standard, ...others] = all;
  const fastest = others.toSorted((a, b) => a.best - b.best)[0]!;
  return fastest.best * ADVANTAGE < standard!.best ? fastest.tuning : standard!.tuning;
}
