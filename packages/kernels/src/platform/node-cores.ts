// The CPUs of this process, as Linux lists them; other systems tell Node their number alone.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { posix } from 'node:path';

/** @see Platform.availableCores */
export function availableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), controlGroupCores()));
}

/** What the system calls the CPU, else its architecture. */
export function cpuName(): string {
  return cpus()[0]?.model || process.arch;
}

/** @see Platform.countCores */
export function countCores(): number | undefined {
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

/** CPUs' worth of time that Linux allows a container, as `docker run --cpus` sets it. */
function controlGroupCores(): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const [quota, period] of controlGroupQuotas()) {
    if (quota > 0 && period > 0) fewest = Math.min(fewest, Math.ceil(quota / period));
  }
  return fewest;
}

/** Microseconds per period: version 2 of the group of this process and of its parents, version 1 of the container. */
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

/** The text of a file; empty if it cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
