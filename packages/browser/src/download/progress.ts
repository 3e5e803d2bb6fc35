// Counts what comes, and tells of it now and then.

import type { DownloadEvent } from './download-messages.js';

const INTERVAL_MS = 100;

/** Progress of a download. */
export interface Progress {
  /** Counts further bytes. */
  count(nBytes: number): void;
  /** Tells of what is counted and was not told. */
  end(): void;
}

/** @param received bytes that are there at the start */
export function createProgress(emit: (event: DownloadEvent) => void, received: number, byteLength: number): Progress {
  let receivedBytes = received;
  let told = received;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const tell = (): void => {
    timer = null;
    if (told === receivedBytes) return;
    told = receivedBytes;
    emit({ type: 'download-progress', receivedBytes, byteLength });
  };
  return {
    count(nBytes) {
      receivedBytes += nBytes;
      timer ??= setTimeout(tell, INTERVAL_MS);
    },
    end() {
      if (timer !== null) clearTimeout(timer);
      tell();
    },
  };
}
