// Which requests take part in the next pass: first come, first served, within the sequences and the memory there are.
//
// A request whose reader is slow pauses: others take its place, and its memory too where they need it. When its reader has
// caught up, it resumes before those that wait for their turn.

import { ToolkitError } from '@llama-ts/base';
import type { CacheArena } from './cache-arena.js';
import type { Request } from './request.js';

/** How many requests there may be. */
export interface ScheduleLimits {
  /** Most requests in one pass. */
  readonly maxSequences: number;
  /** Most requests that wait in addition. */
  readonly maxWaiting: number;
}

/** Requests that are not over, by what they are doing. */
export interface Schedule {
  /** Requests of the next pass. */
  readonly running: readonly Request[];
  readonly nRunning: number;
  /** Requests that wait for their turn or for their reader. */
  readonly nWaiting: number;
  /** Whether a pass has something to do. */
  readonly hasWork: boolean;
  /** @throws ToolkitError `QUEUE_FULL` where no further request may wait */
  checkRoom(): void;
  add(request: Request): void;
  /** Decides who runs. To be called before a pass. */
  arrange(): void;
  /** Takes ended requests out and pauses those whose reader is slow. Between passes only: a pass writes to their memory. */
  dismiss(): void;
  /** Ends all requests with an error. */
  endAll(error: unknown): void;
}

/** @param onRelease called before a request's memory is given to others */
export function createSchedule(
  { maxSequences, maxWaiting }: ScheduleLimits,
  arena: CacheArena,
  onRelease: (request: Request) => void,
): Schedule {
  let waiting: Request[] = [];
  let running: Request[] = [];
  let paused: Request[] = [];

  return {
    get running() {
      return running;
    },
    get nRunning() {
      return running.filter(isLive).length;
    },
    get nWaiting() {
      return [...waiting, ...paused].filter(isLive).length;
    },
    get hasWork() {
      return [...waiting, ...running, ...paused].some((request) => isLive(request) && !request.isReaderBehind);
    },
    checkRoom() {
      const most = maxSequences + maxWaiting;
      if (waiting.length + running.length + paused.length < most) return;
      const nLive = [...waiting, ...running, ...paused].filter(isLive).length;
      if (nLive >= most) throw queueFull(maxSequences, maxWaiting);
    },
    add(request) {
      waiting.push(request);
    },
    arrange() {
      for (const request of [...paused.filter(({ isReaderBehind }) => !isReaderBehind), ...waiting]) {
        if (running.length === maxSequences) return;
        try {
          // No request overtakes another, or a long one might wait for ever.
          if (!findMemory(request)) return;
        } catch (error) {
          request.fail(error);
          continue;
        }
        waiting = waiting.filter((other) => other !== request);
        paused = paused.filter((other) => other !== request);
        running.push(request);
      }
    },
    dismiss() {
      for (const request of [...running, ...paused]) if (!isLive(request)) takeBack(request);
      waiting = waiting.filter(isLive);
      paused = [...paused, ...running.filter(({ isReaderBehind }) => isReaderBehind)].filter(isLive);
      running = running.filter((request) => isLive(request) && !request.isReaderBehind);
    },
    endAll(error) {
      for (const request of [...waiting, ...running, ...paused]) request.abort(error);
    },
  };

  /** Whether the request has memory now. If none is left, the requests that paused last give up theirs. */
  function findMemory(request: Request): boolean {
    if (request.cache !== null) return true;
    for (;;) {
      const cache = arena.take(request.positions);
      if (cache !== null) {
        request.takeCache(cache);
        return true;
      }
      const holder = paused.findLast(({ cache }) => cache !== null);
      if (holder === undefined) return false;
      takeBack(holder);
    }
  }

  function takeBack(request: Request): void {
    if (request.cache === null) return;
    onRelease(request);
    arena.give(request.cache);
    request.giveUpCache();
  }
}

function isLive({ isOver }: Request): boolean {
  return !isOver;
}

function queueFull(maxSequences: number, maxWaiting: number): ToolkitError {
  return new ToolkitError(
    'QUEUE_FULL',
    `engine: the queue is full: at most ${maxSequences} requests run and ${maxWaiting} wait`,
    { suggestions: ['let any number wait: createEngine(model)'] },
  );
}
