// The kernel calls of the last pass, kept for the next: while sequences answer, token after token, only positions differ.

import { type Kernels, type Recording, type Segment, type SegmentShape, segmentShape } from '@llama-ts/kernels';
import type { PassBuffers } from './pass-buffers.js';

/** The last pass of one model. */
export interface LastPass {
  /**
   * Queues the calls of the last pass again. Returns false when sequences, rows or buffers differ from the last pass, and
   * when the last pass was not recorded.
   */
  replay(buffers: PassBuffers, segments: readonly Segment[]): boolean;
  /** Records the queued calls if the last pass had the same segments: most passes have segments that never come again. */
  record(buffers: PassBuffers, segments: readonly Segment[]): void;
}

export function createLastPass(kernels: Kernels): LastPass {
  let last: { readonly buffers: PassBuffers; readonly shape: SegmentShape } | null = null;
  let recording: Recording | null = null;
  return {
    replay(buffers, segments) {
      return recording !== null && isSame(last!.buffers, buffers) && recording.replay(segments);
    },
    record(buffers, segments) {
      if (last !== null && isSame(last.buffers, buffers) && last.shape.matches(segments)) {
        recording = kernels.record();
        return;
      }
      recording = null;
      last = { buffers, shape: segmentShape(segments) };
    },
  };
}

/** All buffers are replaced together. */
function isSame(a: PassBuffers, b: PassBuffers): boolean {
  const isSameArray = (one: Float32Array, other: Float32Array): boolean =>
    one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
  return isSameArray(a.x, b.x) && isSameArray(a.logits, b.logits);
}
