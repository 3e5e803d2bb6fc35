// The machine that this runs on: its tasks and its memory.

import { platform } from '#platform';

/** Resolves in a task of its own: until then timers, streams and aborts have their turn. */
export function nextTask(): Promise<void> {
  return platform.nextTask();
}

/** Bytes of memory that no program uses; infinity where the system does not tell. */
export function freeMemory(): number {
  return platform.freeMemory();
}

/** Bytes of addresses that the system still gives to this process; infinity without a known limit. */
export function addressesLeft(): number {
  return platform.addressesLeft();
}
