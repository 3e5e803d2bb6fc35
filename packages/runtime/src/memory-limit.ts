// Memory that is not to be had: how much was needed, for what, and what would fit.

import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { shellQuote, ToolkitError } from '@llama-ts/format';
import type { Allocator } from '@llama-ts/kernels';
import type { CacheType } from './cache-type.js';

/** What V8, the system and the kernels say of memory that is not to be had, and of lengths that no array can have. */
const NO_MEMORY =
  /array buffer allocation failed|invalid (typed )?array (buffer )?length|cannot allocate memory|ENOMEM|no memory for|left of the 4 GiB/i;
/** Below so much room V8 itself ends the process, and no error can be caught. */
const RESERVE_BYTES = 192 * 1024 * 1024;
/** Room that a suggested context leaves: for V8, for threads, and for the arrays of a pass. */
const MARGIN_BYTES = 640 * 1024 * 1024;
/** Suggested contexts are multiples of it, or below it. */
const CONTEXT_STEP = 256;
/** Elements of a typed array at most. */
const MAX_ELEMENTS = 2 ** 32 - 1;
const MORE_MEMORY = 'end other programs, or take a machine with more memory';

/** Whether memory was not to be had. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && NO_MEMORY.test(error.message);
}

/** A cache as asked for. */
export interface CacheSize {
  readonly type: CacheType;
  readonly positions: number;
  /** Bytes of keys and values at a position, with each type. */
  readonly bytesPerPosition: Readonly<Record<CacheType, number>>;
}

/**
 * Refuses a cache for which there are certainly no addresses, before any are taken: what a WebAssembly memory has given out
 * it does not shrink by, and V8 ends the process where the last addresses are gone.
 *
 * @throws ToolkitError `LIMIT_EXCEEDED`
 */
export function checkCacheSize(size: CacheSize, allocate: Allocator): void {
  const reserve = allocate.available === undefined ? RESERVE_BYTES : 0;
  const isTooLarge = size.positions * size.bytesPerPosition[size.type] + reserve > addressesLeft(allocate);
  if (isTooLarge) throw cacheTooLarge(size, allocate, undefined);
}

/** Says what a cache needs, and which type or context would fit. */
export function cacheTooLarge(size: CacheSize, allocate: Allocator, cause: unknown): ToolkitError {
  const { type, positions, bytesPerPosition } = size;
  const message =
    `key/value cache of ${positions} positions in ${type}: ${inDigits(positions * bytesPerPosition[type])} bytes, ` +
    'more memory than there is';
  return new ToolkitError('LIMIT_EXCEEDED', message, { suggestions: remedies(size, allocate), cause });
}

/** Says which file does not fit. */
export function weightsTooLarge(path: string, byteLength: number, version: number, cause: unknown): ToolkitError {
  const smaller = path.replace(/(\.bin)?$/, '-q8.bin');
  const quantize = `make it smaller: llama quantize ${shellQuote(path)} ${shellQuote(smaller)}`;
  return new ToolkitError(
    'LIMIT_EXCEEDED',
    `${path}: ${inDigits(byteLength)} bytes of weights, more memory than there is`,
    { suggestions: version < 2 ? [quantize] : [MORE_MEMORY], cause },
  );
}

/** Says that a pass does not fit. */
export function passTooLarge(nTokens: number, cause: unknown): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `a pass over ${nTokens} tokens needs more memory than there is`, {
    suggestions: ['--context 1024', '--cache-type f16', MORE_MEMORY],
    cause,
  });
}

function remedies({ type, positions, bytesPerPosition }: CacheSize, allocate: Allocator): string[] {
  const room = Math.min(addressesLeft(allocate), process.availableMemory?.() ?? freemem()) - MARGIN_BYTES;
  const largest = (cacheType: CacheType): number => {
    const byArrays = Math.floor((2 * MAX_ELEMENTS * elementBytes[cacheType]) / bytesPerPosition[cacheType]);
    const context = Math.min(positions, byArrays, Math.max(0, Math.floor(room / bytesPerPosition[cacheType])));
    return context < CONTEXT_STEP || context === positions ? context : context - (context % CONTEXT_STEP);
  };
  const context = { f32: largest('f32'), f16: largest('f16') };
  const found: string[] = [];
  if (context[type] > 0) found.push(`--context ${context[type]}`);
  if (type === 'f32' && context.f16 === positions) found.push('--cache-type f16');
  else if (type === 'f32' && context.f16 > context.f32) found.push(`--cache-type f16 --context ${context.f16}`);
  return found.length > 0 ? found : [MORE_MEMORY];
}

const elementBytes: Readonly<Record<CacheType, number>> = { f32: 4, f16: 2 };

/** Bytes that the kernels' own memory, or what the system lets a process have, has left. */
function addressesLeft(allocate: Allocator): number {
  if (allocate.available !== undefined) return allocate.available();
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    if (limit === null) return Number.POSITIVE_INFINITY;
    const used = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return Number(limit[1]) - 1024 * Number(used?.[1] ?? 0);
  } catch {
    // Only Linux tells.
    return Number.POSITIVE_INFINITY;
  }
}

function inDigits(count: number): string {
  return count.toLocaleString('en-US');
}
