// Checks the free space of disks before it is needed.

import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Bytes to write to a disk. */
export interface DiskNeed {
  /** First of the folders on it. */
  readonly folder: string;
  /** Bytes to write to the disk. */
  readonly neededBytes: number;
  /** Free for this user. */
  readonly freeBytes: number;
}

/** Sums up by disk. Folders need not exist: their nearest parent that does counts. */
export async function diskNeeds(
  writes: readonly { readonly path: string; readonly byteLength: number }[],
): Promise<readonly DiskNeed[]> {
  const needs = new Map<number, DiskNeed>();
  for (const { path, byteLength } of writes) {
    const { folder, device } = await nearestFolder(resolve(path));
    const known = needs.get(device);
    if (known !== undefined) {
      needs.set(device, { ...known, neededBytes: known.neededBytes + byteLength });
      continue;
    }
    const { bavail, bsize } = await statfs(folder);
    needs.set(device, { folder, neededBytes: byteLength, freeBytes: bavail * bsize });
  }
  return [...needs.values()];
}

async function nearestFolder(path: string): Promise<{ folder: string; device: number }> {
  const found = await stat(path).catch(() => null);
  if (found !== null || dirname(path) === path) return { folder: path, device: found?.dev ?? 0 };
  return nearestFolder(dirname(path));
}
