// A bar of bytes with the time left, on stderr, where somebody watches.

import { SingleBar } from 'cli-progress';
import { byteSize } from './units.js';

/** Updates that the estimate of the time left is taken over: a disk that pauses now and then should not shake it. */
const ETA_UPDATES = 200;

/** A bar that is drawn. */
export interface ProgressBar {
  /** Moves on by some bytes. */
  add(byteLength: number): void;
  /** Names what is under way. */
  name(text: string): void;
  stop(): void;
}

/** Draws a bar of `totalBytes`; null off a terminal. */
export function progressBar(totalBytes: number): ProgressBar | null {
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return null;
  const bar = new SingleBar({
    format: '{bar} {percentage}% of {size}, {eta_formatted} left  {name}',
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: ETA_UPDATES,
  });
  bar.start(totalBytes, 0, { size: byteSize(totalBytes), name: '' });
  return {
    add: (byteLength) => bar.increment(byteLength),
    name: (text) => bar.update({ name: text }),
    stop: () => bar.stop(),
  };
}
