// Counts what comes, and tells of it now and then.

import type { DownloadEvent } from './download-messages.js';

const INTERVAL_MS = 100;

/** @returns counts further bytes */
export function createProgress(
  emit: (event: DownloadEvent) => void,
  received: number,
  byteLength: number,
): (nBytes: number) => void {
  let receivedBytes = received;
  let last = Number.NEGATIVE_INFINITY;
  return (nBytes) => {
    receivedBytes += nBytes;
    const now = performance.now();
    if (now - last < INTERVAL_MS && receivedBytes < byteLength) return;
    last = now;
    emit({ type: 'download-progress', receivedBytes, byteLength });
  };
}
