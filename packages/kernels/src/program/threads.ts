// The default number of threads: one per physical core, since the hardware threads of a core share its vector units and its path to
// memory.

import { ToolkitError } from '@llama-ts/base';
import { platform } from '#platform';

/** The most threads of a pool, as in native/table.h: more would only wait for memory. */
export const MAX_THREADS = 256;

/** The thread count asked for, or the number of physical cores. @throws ToolkitError `INVALID_ARGUMENT` */
export function chooseThreads(threads: number | undefined): number {
  if (threads === undefined) return Math.min(physicalCores(), MAX_THREADS);
  checkThreads(threads);
  return threads;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkThreads(threads: number): void {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new ToolkitError(
      'INVALID_ARGUMENT',
      `threads is ${threads}, expected a whole number from 1 to ${MAX_THREADS}`,
    );
  }
}

/** Physical cores, at most as many as this process may use. */
function physicalCores(): number {
  return Math.min(platform.countCores() ?? Number.POSITIVE_INFINITY, availableCores());
}

/**
 * Hardware threads that this process may use: its CPUs, limited by its control group. With more threads, some wait for a core
 * while the others wait for them at every barrier.
 */
export function availableCores(): number {
  return platform.availableCores();
}
