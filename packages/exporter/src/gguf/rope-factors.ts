// Divisors of the RoPE frequencies, which are all that GGUF holds of Llama 3's scaling.

import { ToolkitError } from '@llama-ts/base';
import type { Llama3RopeScaling } from '@llama-ts/format';
import { ropeFrequencies } from '@llama-ts/kernels';

/** Bounds of the scaling: those of Llama 3.1, 3.2 and 3.3. */
const BOUNDS = { lowFreqFactor: 1, highFreqFactor: 4 };
/** Positions that those models were first trained for. */
const USUAL_POSITIONS = 8192;
/** Other numbers of positions that are tried where no divisor tells: powers of two. */
const MAX_LOG2_POSITIONS = 20;
/** llama.cpp's converter divides in float32, this toolkit in float64. */
const TOLERANCE = 1e-5;

/** Frequencies before scaling. */
export interface RopeBase {
  readonly headDim: number;
  readonly theta: number;
}

/** Divisors of a scaling as llama.cpp takes them. (headDim / 2) */
export function ropeFactors({ headDim, theta }: RopeBase, scaling: Llama3RopeScaling): Float32Array {
  const scaled = ropeFrequencies({ headDim, theta, scaling });
  return Float32Array.from(
    ropeFrequencies({ headDim, theta, scaling: null }),
    (frequency, i) => frequency / scaled[i]!,
  );
}

/**
 * The scaling that divisors came from: the slowest frequency is divided by its factor, one between the bounds tells the positions,
 * and with them all divisors must follow.
 *
 * @param factors (headDim / 2)
 * @returns null where all are 1
 * @throws ToolkitError `UNSUPPORTED_MODEL` for divisors of another scaling
 */
export function scalingOfFactors(factors: Float32Array, base: RopeBase, name: string): Llama3RopeScaling | null {
  if (factors.every((value) => value === 1)) return null;
  const largest = factors.reduce((most, factor) => Math.max(most, factor), 0);
  const rounded = Math.round(largest);
  const factor = isNear(largest, rounded) ? rounded : largest;
  const isSound = Number.isFinite(factor) && factors.every((value) => value > 0) && factor > 1;
  for (const originalMaxPositionEmbeddings of isSound ? positionsOf(factors, factor, base) : []) {
    const scaling = { factor, ...BOUNDS, originalMaxPositionEmbeddings };
    const expected = ropeFactors(base, scaling);
    if (factors.every((value, i) => isNear(value, expected[i]!))) return scaling;
  }
  const { lowFreqFactor, highFreqFactor } = BOUNDS;
  const rule = `llama3 scaling with bounds ${lowFreqFactor} and ${highFreqFactor}`;
  throw new ToolkitError(
    'UNSUPPORTED_MODEL',
    `${name}: rope_freqs.weight divides frequencies by ${factors[0]} to ${factors.at(-1)}, expected the divisors of ${rule}`,
    { suggestions: ['export the model that it was made from instead'] },
  );
}

/** Numbers of positions that the divisors may come from, most likely first. */
function* positionsOf(factors: Float32Array, factor: number, { headDim, theta }: RopeBase): Generator<number> {
  yield USUAL_POSITIONS;
  const { lowFreqFactor, highFreqFactor } = BOUNDS;
  const frequencies = ropeFrequencies({ headDim, theta, scaling: null });
  for (const [i, value] of factors.entries()) {
    if (isNear(value, 1) || isNear(value, factor)) continue;
    // 1 / divisor = (1 - smooth) / factor + smooth, and smooth = (positions / wavelength - low) / (high - low).
    const smooth = (1 / value - 1 / factor) / (1 - 1 / factor);
    const wavelength = (2 * Math.PI) / frequencies[i]!;
    yield Math.round((smooth * (highFreqFactor - lowFreqFactor) + lowFreqFactor) * wavelength);
    return;
  }
  for (let log2 = 1; log2 <= MAX_LOG2_POSITIONS; log2++) yield 2 ** log2;
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.abs(b);
}
