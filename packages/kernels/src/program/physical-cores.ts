// How many threads compute by default: the kernels are bound by memory or by vector units, which siblings share.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { ToolkitError } from '../toolkit-error.js';

/** More threads than this would only wait for one another; the C++ side sizes its tables by it. */
export const MAX_THREADS = 256;

/** The thread count asked for, or the number of physical cores. @throws ToolkitError `INVALID_ARGUMENT` */
export function chooseThreads(threads: number | undefined): number {
  if (threads === undefined) return Math.min(physicalCores(), MAX_THREADS);
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new ToolkitError('INVALID_ARGUMENT', `threads is ${threads}, expected 1 to ${MAX_THREADS}`);
  }
  return threads;
}

/** Cores, siblings counted once, and no more than this process may use. */
export function physicalCores(): number {
  return Math.max(1, Math.min(countCores() ?? Number.POSITIVE_INFINITY, availableParallelism()));
}

/** Linux lists the siblings of each CPU; undefined elsewhere. */
function countCores(): number | undefined {
  const cores = new Set<string>();
  const nCpus = cpus().length;
  try {
    for (let cpu = 0; cpu < nCpus; cpu++) {
      cores.add(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`, 'utf8'));
    }
  } catch {
    return undefined;
  }
  return cores.size;
}
