// exp and log in float64 from + − × ÷ alone: ECMAScript leaves Math.exp and Math.log to the engine, and a gate must not
// pass on one machine and fail on another.

/** Beyond these, exp is 0 or infinite in float64. */
const SMALLEST_EXPONENT = -745.1332191019412;
const LARGEST_EXPONENT = 709.782712893384;
/** ln 2 in two parts; the first ends in enough zeros that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** (1075) 2^0, 2^−1, … 2^−1074 */
const negativePowers = new Float64Array(1075);
negativePowers[0] = 1;
for (let k = 1; k < negativePowers.length; k++) negativePowers[k] = negativePowers[k - 1]! / 2;

/**
 * e^x within one unit in the last place, the same bits everywhere.
 *
 * @see fdlibm's e_exp.c (Sun Microsystems, freely distributable), whose reduction and coefficients these are
 */
export function exp(x: number): number {
  if (!(x >= SMALLEST_EXPONENT)) return Number.isNaN(x) ? x : 0;
  if (x > LARGEST_EXPONENT) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  if (k > 1023) return (y / negativePowers[1023]!) * 2;
  // In two steps, of which only the second rounds: a subnormal power of two has too few digits for one step.
  if (k < -1000) return y * negativePowers[1000]! * negativePowers[-k - 1000]!;
  return k > 0 ? y / negativePowers[k]! : y * negativePowers[-k]!;
}

/**
 * ln x of a normal x > 0 within one unit in the last place, the same bits everywhere.
 *
 * @see fdlibm's e_log.c
 */
export function log(x: number): number {
  let m = x;
  let k = 0;
  for (; m > Math.SQRT2; k++) m /= 2;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const even = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + odd + even) + k * LN2_LOW) - f);
}
