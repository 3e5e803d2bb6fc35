// What the browser gives this page to keep files in.

import { storeFull } from './failures.js';

/** Storage of the page's origin, whatever uses it. */
export interface StoreSpace {
  /** Bytes in use, as the browser estimates them; 0 where it does not say. */
  readonly usedBytes: number;
  /** null where the browser does not say. */
  readonly quotaBytes: number | null;
  /** false: the browser may remove the files when the disk gets full. */
  readonly isPersistent: boolean;
}

/** Storage in use and allowed. */
export async function readSpace(): Promise<StoreSpace> {
  const { usage = 0, quota } = await navigator.storage.estimate();
  return { usedBytes: usage, quotaBytes: quota ?? null, isPersistent: await navigator.storage.persisted() };
}

/**
 * Asks the browser to keep the files until they are removed, and whether the file fits. A browser may ask the user first, which
 * takes as long as it takes: nothing waits for the answer.
 *
 * @throws ToolkitError `DISK_FULL`
 */
export async function prepareSpace(name: string, neededBytes: number): Promise<void> {
  // Workers cannot ask.
  if ('persist' in navigator.storage) void navigator.storage.persist().catch(() => false);
  const { usedBytes, quotaBytes } = await readSpace();
  if (quotaBytes !== null && neededBytes > quotaBytes - usedBytes) {
    throw storeFull(name, neededBytes, quotaBytes - usedBytes);
  }
}
