// The kernel calls of the last pass, kept for the next: while sequences answer, token after token, only positions differ.

import { type Kernels, type Recording, type Segment, type SegmentShape, segmentShape } from '@llama-ts/kernels';
import type { Scratch } from './scratch.js';

/** Of one model. */
export interface LastPass {
  /** Queues the calls of the last pass again; false where this one has other sequences, rows or room, or is the first such. */
  replay(room: Scratch, segments: readonly Segment[]): boolean;
  /** Keeps what is queued for a pass that is the second of its shape in a row: most that come once do not come again. */
  record(room: Scratch, segments: readonly Segment[]): void;
}

export function createLastPass(kernels: Kernels): LastPass {
  let last: { readonly room: Scratch; readonly shape: SegmentShape } | null = null;
  let recording: Recording | null = null;
  return {
    replay(room, segments) {
      return recording !== null && isSameRoom(last!.room, room) && recording.replay(segments);
    },
    record(room, segments) {
      if (last !== null && isSameRoom(last.room, room) && last.shape.matches(segments)) {
        recording = kernels.record();
        return;
      }
      recording = null;
      last = { room, shape: segmentShape(segments) };
    },
  };
}

/** All parts of a scratch move together. */
function isSameRoom(a: Scratch, b: Scratch): boolean {
  const isSame = (one: Float32Array, other: Float32Array): boolean =>
    one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
  return isSame(a.x, b.x) && isSame(a.logits, b.logits);
}
