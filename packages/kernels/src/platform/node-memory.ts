// How much memory a process may still take.

import { freemem } from 'node:os';

/** Bytes that the system, and the limit of a container, leave to this process; memory that caches of files can give back counts. */
export function availableMemory(): number {
  // Absent from Bun and Deno.
  return (process.availableMemory as (() => number) | undefined)?.() ?? freemem();
}
