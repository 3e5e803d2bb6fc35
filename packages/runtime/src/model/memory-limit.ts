// Errors of memory that cannot be allocated: how much was needed, for what, and what would fit.

import { addressesLeft, byteSize, freeMemory, shellQuote, ToolkitError } from '@llama-ts/base';
import type { Allocator } from '@llama-ts/kernels';
import type { CacheType } from '../pass/cache-type.js';

/** How V8, the system and the kernels report memory that cannot be allocated, and arrays that would be too long. */
const NO_MEMORY =
  /array buffer allocation failed|invalid (typed )?array (buffer )?length|cannot allocate memory|ENOMEM|no memory for|left of the 4 GiB/i;
/** Bytes below which V8 ends the process instead of throwing. */
const RESERVE_BYTES = 192 * 1024 * 1024;
/** Memory that a suggested context leaves for V8, for threads, and for the buffers of a pass. */
const MARGIN_BYTES = 640 * 1024 * 1024;
/** Suggested contexts are multiples of it, or below it. */
const CONTEXT_STEP = 256;
/** Elements of a typed array at most. */
const MAX_ELEMENTS = 2 ** 32 - 1;
/** Share of the bytes of float32 weights that v2 does without: it takes a byte a value, and a scale a group. */
const QUANTIZED_SAVING = 0.7;
const MORE_MEMORY = 'end other programs, or take a machine with more memory';

/** Whether an error says that memory could not be allocated. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && NO_MEMORY.test(error.message);
}

/** The file whose weights take memory beside a cache. */
export interface WeightsFile {
  readonly path: string;
  readonly version: number;
  readonly byteLength: number;
}

/** The requested KV cache. */
export interface CacheSize {
  readonly type: CacheType;
  readonly positions: number;
  readonly weights: WeightsFile;
  /** Bytes of keys and values at a position, with each type. */
  readonly bytesPerPosition: Readonly<Record<CacheType, number>>;
}

/**
 * Refuses a cache that cannot fit, before any of it is allocated: a WebAssembly memory never shrinks, and V8 ends the
 * process when its addresses run out.
 *
 * @throws ToolkitError `LIMIT_EXCEEDED`
 */
export function checkCacheSize(size: CacheSize, allocate: Allocator): void {
  const reserve = allocate.available === undefined ? RESERVE_BYTES : 0;
  const isTooLarge = size.positions * size.bytesPerPosition[size.type] + reserve > bytesLeft(allocate);
  if (isTooLarge) throw cacheTooLarge(size, allocate, undefined);
}

/** The error of a cache that does not fit: what it needs, and which type or context would fit. */
export function cacheTooLarge(size: CacheSize, allocate: Allocator, cause: unknown): ToolkitError {
  const { type, positions, bytesPerPosition } = size;
  const message =
    `key/value cache of ${positions} positions in ${type}: ${byteSize(positions * bytesPerPosition[type])}, ` +
    'more memory than there is';
  return new ToolkitError('LIMIT_EXCEEDED', message, { suggestions: remedies(size, allocate), cause });
}

/** The error of a file that does not fit. */
export function weightsTooLarge({ path, byteLength, version }: WeightsFile, cause: unknown): ToolkitError {
  const quantize = `make it smaller: ${quantizeCommand(path)}`;
  return new ToolkitError('LIMIT_EXCEEDED', `${path}: ${byteSize(byteLength)} of weights, more memory than there is`, {
    suggestions: version < 2 ? [quantize] : [MORE_MEMORY],
    cause,
  });
}

/** The error of a pass that does not fit. Where the kernels' memory has a fixed size, ending other programs does not help. */
export function passTooLarge(nTokens: number, allocate: Allocator, cause: unknown): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `a pass over ${nTokens} tokens needs more memory than there is`, {
    suggestions: ['--context 1024', '--cache-type f16', ...(allocate.available === undefined ? [MORE_MEMORY] : [])],
    cause,
  });
}

function quantizeCommand(path: string): string {
  return `llama quantize ${shellQuote(path)} ${shellQuote(path.replace(/(\.bin)?$/, '-q8.bin'))}`;
}

function remedies(size: CacheSize, allocate: Allocator): string[] {
  const room = Math.min(bytesLeft(allocate), freeMemory()) - MARGIN_BYTES;
  const smaller = smallerCaches(size, room);
  if (smaller.length > 0) return smaller;
  const { path, version, byteLength } = size.weights;
  const caches = version < 2 ? smallerCaches(size, room + byteLength * QUANTIZED_SAVING) : [];
  if (caches.length === 0) return [MORE_MEMORY];
  return [`quantized weights leave memory for ${caches.join(' or ')}: ${quantizeCommand(path)}`, MORE_MEMORY];
}

/** Flags for caches that a number of bytes holds, the preferred first. */
function smallerCaches({ type, positions, bytesPerPosition }: CacheSize, room: number): string[] {
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
  return found;
}

const elementBytes: Readonly<Record<CacheType, number>> = { f32: 4, f16: 2 };

/** Bytes left of the kernels' own memory, or of what the system lets a process have. */
function bytesLeft(allocate: Allocator): number {
  return allocate.available === undefined ? addressesLeft() : allocate.available();
}
