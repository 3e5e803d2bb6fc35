// How many threads compute by default: the kernels are bound by memory or by vector units, which siblings share.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { posix } from 'node:path';
import { ToolkitError } from '../toolkit-error.js';

/** More threads than this would only wait for one another; the C++ side sizes its tables by it. */
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

/** Cores, siblings counted once, and no more than this process may use. */
export function physicalCores(): number {
  return Math.min(countCores() ?? Number.POSITIVE_INFINITY, availableCores());
}

/**
 * Threads that can run at once, siblings of a core counted each: of the CPUs of this process, as many as its control group may
 * keep busy. With more threads some wait while others run, and every barrier for all of them.
 */
export function availableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), controlGroupCores()));
}

/** Linux gives a container a share of the time of all CPUs, which `docker run --cpus` sets. */
function controlGroupCores(): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const [quota, period] of controlGroupQuotas()) {
    if (quota > 0 && period > 0) fewest = Math.min(fewest, Math.ceil(quota / period));
  }
  return fewest;
}

/** Microseconds in each period: of version 2 the group of this process and those around it, of version 1 the container's. */
function controlGroupQuotas(): [quota: number, period: number][] {
  const quotas: [number, number][] = [];
  const root = '/sys/fs/cgroup';
  const group = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup'))?.[1] ?? '/';
  for (let path = group; ; path = posix.dirname(path)) {
    const [quota, period] = readText(posix.join(root, path, 'cpu.max')).split(/\s+/);
    quotas.push([Number(quota), Number(period)]);
    if (path === '/') break;
  }
  const [quota, period] = ['quota', 'period'].map((name) => Number(readText(`${root}/cpu/cpu.cfs_${name}_us`)));
  return [...quotas, [quota!, period!]];
}

/** Empty where there is no such file. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
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
