// How much memory a model takes in WebAssembly, known from its header before a byte of its weights is there.

import { byteSize, ToolkitError } from '@llama-ts/base';
import {
  type BinHeader,
  float32Encoding,
  layout,
  PANEL_GROUP_SIZE,
  q4Encoding,
  q8Encoding,
  scaleBytes,
  tensorShapes,
} from '@llama-ts/format';
import { availableCores, WASM_MEMORY_BYTES, wasmOverhead } from '@llama-ts/kernels';
import type { CacheType } from '../pass/cache-type.js';
import { checkContext, resolveContext } from './context-length.js';

/** Options of {@link planMemory}. */
export interface PlanMemoryOptions {
  /** Positions of the context; default as openModel's, or fewer if only they fit. */
  readonly context?: number | undefined;
  /** Type of the values in the KV cache; default `f32`. */
  readonly cacheType?: CacheType | undefined;
  /** Threads that compute; default one per core. */
  readonly threads?: number | undefined;
}

/** The memory that a model takes with one conversation of its whole context. */
export interface MemoryPlan {
  /** Positions that were planned with. */
  readonly context: number;
  readonly cacheType: CacheType;
  /** The file, and copies of tensors in it that are not aligned. */
  readonly fileBytes: number;
  /** Keys and values of one sequence. */
  readonly cacheBytes: number;
  /** Everything else, at most: stacks, tables of angles, buffers of a pass over 512 tokens, scratch of the kernels. */
  readonly scratchBytes: number;
  /** Sum of the three. */
  readonly totalBytes: number;
  /** The 4 GiB that WebAssembly can have. */
  readonly limitBytes: number;
  readonly fits: boolean;
  /** The largest contexts that fit; 0 where none does. */
  readonly largestContext: Readonly<Record<CacheType, number>>;
  /** Whether the same model fits as a v3 file of 4-bit layers. */
  readonly fitsInV3: boolean;
}

/** Tokens of a pass, as generate and the engine divide a prompt by default. */
const PASS_TOKENS = 512;
/** Rows of a pass that get logits: drafts of a speculation, or further conversations. */
const LOGIT_ROWS = 16;
/** Buffers of a pass that grew lie beside those that they replaced. */
const REPLACED = 2;
/** Encoded passes, and what blocks are rounded up to. */
const PROGRAM_BYTES = 4 * 1024 * 1024;
/** Contexts are rounded down to a multiple of it, if they are longer. */
const CONTEXT_STEP = 256;
const elementBytes: Readonly<Record<CacheType, number>> = { f32: 4, f16: 2 };

/**
 * Plans the memory of a model in WebAssembly.
 *
 * @param byteLength of the whole file
 * @throws ToolkitError `INVALID_OPTION` for a context beyond the model's own
 */
export function planMemory(header: BinHeader, byteLength: number, options: PlanMemoryOptions = {}): MemoryPlan {
  const { cacheType = 'f32', threads = availableCores() } = options;
  const { maxSeqLen } = header.dimensions;
  const asV3 = header.version === 3 ? null : headerInV3(header);
  if (options.context !== undefined) checkContext(options.context, maxSeqLen);
  const fileBytes = byteLength + unalignedBytes(header);
  const scratchBytes = scratchOf(header, threads);
  const total = (type: CacheType, context: number): number =>
    fileBytes + cacheBytes(header, type, context) + scratchBytes(context);
  const largest = (type: CacheType): number =>
    largestContext(maxSeqLen, (context) => total(type, context) <= WASM_MEMORY_BYTES);
  const largestOf = { f32: largest('f32'), f16: largest('f16') };
  const usual = resolveContext(undefined, maxSeqLen);
  const context = options.context ?? (largestOf[cacheType] === 0 ? usual : Math.min(usual, largestOf[cacheType]));
  const totalBytes = total(cacheType, context);
  return {
    context,
    cacheType,
    fileBytes,
    cacheBytes: cacheBytes(header, cacheType, context),
    scratchBytes: scratchBytes(context),
    totalBytes,
    limitBytes: WASM_MEMORY_BYTES,
    fits: totalBytes <= WASM_MEMORY_BYTES,
    largestContext: largestOf,
    fitsInV3: asV3 === null ? largestOf.f16 > 0 : fitsAtAll(asV3, byteLength - layout(header).weightsEnd, threads),
  };
}

/**
 * Refuses a plan that does not fit.
 *
 * @param name the model's, for messages
 * @throws ToolkitError `MODEL_TOO_LARGE_FOR_WASM` where no context fits; `LIMIT_EXCEEDED` where a smaller one or another type
 *   of cache does
 */
export function checkMemoryPlan(plan: MemoryPlan, name: string): void {
  if (plan.fits) return;
  const { context, cacheType, fileBytes, cacheBytes: cache, scratchBytes, limitBytes, largestContext: largest } = plan;
  const needs = `${byteSize(fileBytes)} of weights, ${byteSize(cache)} of KV cache for ${context} positions in ${cacheType}`;
  const message = `${name}: ${needs} and ${byteSize(scratchBytes)} beside them, expected at most ${byteSize(limitBytes)} in WebAssembly`;
  if (largest.f16 === 0) {
    throw new ToolkitError('MODEL_TOO_LARGE_FOR_WASM', message, {
      suggestions: plan.fitsInV3
        ? ['four bits of it fit: llama export MODEL.bin --hf REPO_OR_DIR --version 3']
        : ['take a model of fewer parameters, such as one of 1B or 3B in v3'],
    });
  }
  const suggestions: string[] = [];
  if (largest[cacheType] > 0)
    suggestions.push(`a context that fits: openModel(MODEL, { context: ${largest[cacheType]} })`);
  if (cacheType === 'f32' && largest.f16 > largest.f32) {
    const halved = Math.min(context, largest.f16);
    suggestions.push(`a cache of half the size: openModel(MODEL, { context: ${halved}, cacheType: 'f16' })`);
  }
  throw new ToolkitError('LIMIT_EXCEEDED', message, { suggestions });
}

/** The same model with layers of 4 bits; null where rows are not whole groups. */
function headerInV3({ dimensions }: BinHeader): BinHeader | null {
  const { dim, hiddenDim } = dimensions;
  if (dim % PANEL_GROUP_SIZE !== 0 || hiddenDim % PANEL_GROUP_SIZE !== 0) return null;
  const q4 = q4Encoding(new Int8Array(16));
  const encodings = tensorShapes(3, dimensions).map(({ kind, shape }) => {
    if (shape.length === 1) return float32Encoding;
    return kind === 'embedding' || kind === 'classifier' ? q8Encoding : q4;
  });
  return { version: 3, dimensions, groupSize: PANEL_GROUP_SIZE, encodings };
}

/** Whether a context of one position fits beside weights and trailer. */
function fitsAtAll(header: BinHeader, trailerBytes: number, threads: number): boolean {
  const fileBytes = layout(header).weightsEnd + trailerBytes;
  return fileBytes + cacheBytes(header, 'f16', 1) + scratchOf(header, threads)(1) <= WASM_MEMORY_BYTES;
}

function cacheBytes({ dimensions }: BinHeader, type: CacheType, context: number): number {
  const { dim, nHeads, nKvHeads, nLayers } = dimensions;
  return 2 * nLayers * nKvHeads * (dim / nHeads) * context * elementBytes[type];
}

/** Bytes beside file and cache, by the context. */
function scratchOf({ dimensions, groupSize }: BinHeader, threads: number): (context: number) => number {
  const { dim, hiddenDim, nHeads, nKvHeads, vocabSize } = dimensions;
  const headDim = dim / nHeads;
  const perRow = 4 * (2 + 4 * dim + 2 * nKvHeads * headDim + 2 * hiddenDim);
  const buffers = PASS_TOKENS * perRow + LOGIT_ROWS * 4 * (1 + dim + vocabSize);
  const fixed = PROGRAM_BYTES + REPLACED * buffers + 4 * vocabSize;
  return (context) => {
    const angles = 4 * headDim * context;
    const overhead = wasmOverhead({
      threads,
      rows: PASS_TOKENS,
      columns: groupSize === null ? 0 : Math.max(dim, hiddenDim),
      groupSize: groupSize ?? 1,
      headsPerKeyValue: nHeads / nKvHeads,
      headDim,
      positions: context,
    });
    return fixed + angles + overhead;
  };
}

/** Float32 values that do not lie at a multiple of four in the file are copied. */
function unalignedBytes(header: BinHeader): number {
  let bytes = 0;
  for (const { encoding, byteOffset, scalesByteOffset, nValues } of layout(header).tensors) {
    if (encoding.id === 'F32' && byteOffset % 4 !== 0) bytes += 4 * nValues;
    if (encoding.id === 'Q8_0' && scalesByteOffset % 4 !== 0) bytes += scaleBytes(encoding, nValues);
  }
  return bytes;
}

/** The largest of 1 to `most` that fits, rounded down. */
function largestContext(most: number, fits: (context: number) => boolean): number {
  if (fits(most)) return most;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low < CONTEXT_STEP ? low : low - (low % CONTEXT_STEP);
}
