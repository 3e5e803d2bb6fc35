// The table of rotary angles that every backend uses: computed in float64 by our own routines, then rounded to float32 once.
import { ToolkitError } from '@llama-ts/base';
import { divide, multiply, root } from './double-double.js';
import type { Allocator, RopeTable } from './kernels.js';
import { MAX_ANGLE, sineCosine } from './sine-cosine.js';

const TWO_PI = 6.283185307179586;

/** The largest base: far above any model's, and far below the overflow of double-double products. */
const MAX_THETA = 1e100;

/** Frequency scaling of Llama 3.1 and later. */
export interface Llama3Scaling {
  /** Low frequencies are divided by it. */
  readonly factor: number;
  /** A frequency is low if it turns fewer times than this over the original positions. */
  readonly lowFreqFactor: number;
  /** A frequency is high, and stays as it is, if it turns more times than this over the original positions. */
  readonly highFreqFactor: number;
  /** Positions that the model was made for before frequencies were scaled. */
  readonly originalMaxPositionEmbeddings: number;
}

/** Settings of the frequencies. */
export interface RopeFrequencyOptions {
  /** An even number. */
  readonly headDim: number;
  /** Base of the frequencies: theta^(−2i/headDim). */
  readonly theta: number;
  /** null: unscaled. */
  readonly scaling: Llama3Scaling | null;
}

/** Settings of a table. */
export interface RopeTableOptions extends RopeFrequencyOptions {
  /** How many positions, from 0 on. */
  readonly seqLen: number;
  /** Allocates the arrays: `kernels.allocate`. */
  readonly allocate: Allocator;
}

/**
 * Cosines and sines of position * frequency, (seqLen, headDim / 2) each.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export function ropeTable(options: RopeTableOptions): RopeTable {
  const table = growingRopeTable(options);
  table.fill(0, options.seqLen);
  return table;
}

/** A table whose positions are computed when they are first needed: most sequences end long before the last position. */
export interface GrowingRopeTable extends RopeTable {
  /** Computes the positions from `begin` to `end` if needed. Do not call it while kernels that read the table run. */
  fill(begin: number, end: number): void;
}

/** Positions that are computed together, in about a millisecond. */
const BLOCK = 256;

/**
 * Allocates the table of {@link ropeTable}, which is filled as needed.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export function growingRopeTable({ headDim, seqLen, theta, scaling, allocate }: RopeTableOptions): GrowingRopeTable {
  const frequencies = ropeFrequencies({ headDim, theta, scaling });
  checkPositions(seqLen, Math.max(...frequencies));
  const nPairs = headDim / 2;
  const table = { cos: allocate.float32(seqLen * nPairs), sin: allocate.float32(seqLen * nPairs) };
  // (blocks), 1 if the block is filled
  const isFilled = new Uint8Array(Math.ceil(seqLen / BLOCK));
  return {
    ...table,
    fill(begin, end) {
      for (let block = Math.floor(begin / BLOCK); block < isFilled.length && block * BLOCK < end; block++) {
        if (isFilled[block] === 1) continue;
        fillPositions(table, frequencies, block * BLOCK, Math.min((block + 1) * BLOCK, seqLen));
        isFilled[block] = 1;
      }
    },
  };
}

function fillPositions({ cos, sin }: RopeTable, frequencies: Float64Array, begin: number, end: number): void {
  const pair = new Float64Array(2);
  const nPairs = frequencies.length;
  for (let position = begin; position < end; position++) {
    for (let i = 0; i < nPairs; i++) {
      sineCosine(position * frequencies[i]!, pair);
      sin[position * nPairs + i] = pair[0]!;
      cos[position * nPairs + i] = pair[1]!;
    }
  }
}

/**
 * theta^(−2i/headDim) for i from 0, correctly rounded except for rare ties, then scaled; in radians per position.
 *
 * @returns (headDim / 2)
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export function ropeFrequencies({ headDim, theta, scaling }: RopeFrequencyOptions): Float64Array {
  checkOptions(headDim, theta, scaling);
  const nPairs = headDim / 2;
  const frequencies = new Float64Array(nPairs);
  // theta^(-i/nPairs) are the powers of one number: the inverse of the nPairs-th root of theta.
  const ratio = divide({ high: 1, low: 0 }, root(theta, nPairs));
  let frequency = { high: 1, low: 0 };
  for (let i = 0; i < nPairs; i++) {
    frequencies[i] = scaling === null ? frequency.high : scaleFrequency(frequency.high, scaling);
    frequency = multiply(frequency, ratio);
  }
  return frequencies;
}

/** @see transformers, modeling_rope_utils.py, `_compute_llama3_parameters` */
function scaleFrequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings } = scaling;
  const wavelength = TWO_PI / frequency;
  if (wavelength > originalMaxPositionEmbeddings / lowFreqFactor) return frequency / factor;
  if (wavelength < originalMaxPositionEmbeddings / highFreqFactor) return frequency;
  const smooth = (originalMaxPositionEmbeddings / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

function checkOptions(headDim: number, theta: number, scaling: Llama3Scaling | null): void {
  if (!(Number.isInteger(headDim) && headDim > 0 && headDim % 2 === 0)) {
    throw invalid(`headDim is ${headDim}, expected an even number above 0`);
  }
  if (!(theta >= 1 && theta <= MAX_THETA)) throw invalid(`theta is ${theta}, expected 1 to ${MAX_THETA}`);
  if (scaling === null) return;
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings } = scaling;
  for (const [name, value] of Object.entries({
    factor,
    lowFreqFactor,
    highFreqFactor,
    originalMaxPositionEmbeddings,
  })) {
    if (!(value > 0 && value < Infinity)) throw invalid(`${name} is ${value}, expected a finite number above 0`);
  }
  if (lowFreqFactor >= highFreqFactor) {
    throw invalid(`highFreqFactor is ${highFreqFactor}, expected more than lowFreqFactor, ${lowFreqFactor}`);
  }
}

function checkPositions(seqLen: number, frequency: number): void {
  if (!(Number.isInteger(seqLen) && seqLen > 0)) {
    throw invalid(`seqLen is ${seqLen}, expected a whole number above 0`);
  }
  const angle = (seqLen - 1) * frequency;
  if (angle > MAX_ANGLE) throw invalid(`the last position turns by ${angle}, expected at most ${MAX_ANGLE} radians`);
}

function invalid(message: string): ToolkitError {
  return new ToolkitError('INVALID_ARGUMENT', `ropeTable: ${message}`);
}
