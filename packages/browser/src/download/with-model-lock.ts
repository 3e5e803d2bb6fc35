// One download of a model at a time, among all tabs and workers of an origin.

import { lockOf } from '../names.js';
import type { DownloadEvent } from './download-messages.js';

/**
 * Runs `use` while no other tab or worker writes to the model. Until then it passes on the events of the one that does. A tab
 * that is closed lets go of its lock.
 *
 * @param emit takes the events of this download, which those that wait hear of too
 * @returns what `use` resolves to; rejects with the signal's reason
 */
export async function withModelLock<T>(
  key: string,
  { signal, emit }: { readonly signal: AbortSignal; readonly emit: (event: DownloadEvent) => void },
  use: (emit: (event: DownloadEvent) => void) => Promise<T>,
): Promise<T> {
  const name = lockOf(key);
  const channel = new BroadcastChannel(name);
  const held = (): Promise<T> =>
    use((event) => {
      emit(event);
      channel.postMessage(event);
    });
  try {
    signal.throwIfAborted();
    const free = await navigator.locks.request(name, { ifAvailable: true }, async (lock) =>
      lock === null ? null : { result: await held() },
    );
    if (free !== null) return free.result;
    emit({ type: 'download-wait' });
    channel.onmessage = ({ data }: MessageEvent<DownloadEvent>) => emit(data);
    return await navigator.locks.request(name, { signal }, () => {
      channel.onmessage = null;
      return held();
    });
  } finally {
    channel.close();
  }
}
