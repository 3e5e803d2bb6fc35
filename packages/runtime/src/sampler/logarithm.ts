// The natural logarithm in float64 from + − × ÷ alone: the engine's own may differ from one Node version to the next.

// log(2) in two parts, of which a product of the first with an exponent is exact (fdlibm, e_log.c).
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

// Minimax polynomial of (log(1+f) − 2s) / s with s = f / (2 + f) (fdlibm, e_log.c).
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

const SMALLEST_NORMAL = 2 ** -126;
/** Bits of 1 and of sqrt(2), between which significands are kept within a factor of sqrt(2) of 1. */
const ONE_BITS = 0x3f800000;
const SQRT2_BITS = 0x3fb504f3;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** log(x) of a float32 above 0, within 1 ulp of float64. */
export function logarithm(x: number): number {
  const isSubnormal = x < SMALLEST_NORMAL;
  float[0] = isSubnormal ? x * 2 ** 24 : x;
  let exponent = (bits[0]! >> 23) - 127 - (isSubnormal ? 24 : 0);
  const significand = (bits[0]! & 0x7fffff) | ONE_BITS;
  if (significand > SQRT2_BITS) {
    bits[0] = significand - 0x800000;
    exponent++;
  } else {
    bits[0] = significand;
  }
  const f = float[0]! - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + even + odd) + exponent * LN2_LOW) - f);
}
