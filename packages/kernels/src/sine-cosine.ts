// Sine and cosine in float64 from + − × ÷ alone: the engine's own may differ from one Node version to the next.

/** Largest angle whose reduction is exact enough; RoPE's largest is the last position. */
export const MAX_ANGLE = 2 ** 20;

// π/2 in pieces of 33 bits, so that the first products with a multiple below 2^20 are exact (fdlibm, e_rem_pio2.c).
const TWO_OVER_PI = 0.6366197723675814;
const PI_2_A = 1.5707963267341256;
const PI_2_B = 6.077100506303966e-11;
const PI_2_C = 2.0222662487111665e-21;
const PI_2_C_TAIL = 8.4784276603689e-32;

const ROUNDER = 6755399441055744; // 1.5 * 2^52: adding and subtracting it rounds to an integer

// Minimax polynomials on ±π/4 (fdlibm, k_sin.c and k_cos.c).
const S1 = -0.16666666666666632;
const S2 = 0.00833333333332249;
const S3 = -0.0001984126982985795;
const S4 = 2.7557313707070068e-6;
const S5 = -2.5050760253406863e-8;
const S6 = 1.58969099521155e-10;
const C1 = 0.0416666666666666;
const C2 = -0.001388888888887411;
const C3 = 2.480158728947673e-5;
const C4 = -2.7557314351390663e-7;
const C5 = 2.087572321298175e-9;
const C6 = -1.1359647557788195e-11;

/** Writes sin(angle) and cos(angle) into `out`; 0 ≤ angle ≤ {@link MAX_ANGLE}, under 1 ulp off. */
export function sineCosine(angle: number, out: Float64Array): void {
  const quadrant = angle * TWO_OVER_PI + ROUNDER - ROUNDER;
  // Three exact subtractions, then what the last one rounded away.
  const a = angle - quadrant * PI_2_A;
  const bTimes = quadrant * PI_2_B;
  const b = a - bTimes;
  const bError = a - b - bTimes;
  const cTimes = quadrant * PI_2_C;
  const c = b - cTimes;
  const cError = b - c - cTimes;
  const tail = bError + cError - quadrant * PI_2_C_TAIL;
  const r = c + tail;
  const rest = c - r + tail;
  const sine = kernelSine(r, rest);
  const cosine = kernelCosine(r, rest);
  const odd = (quadrant & 1) === 1;
  out[0] = (quadrant & 2) === 0 ? (odd ? cosine : sine) : odd ? -cosine : -sine;
  out[1] = ((quadrant + 1) & 2) === 0 ? (odd ? sine : cosine) : odd ? -sine : -cosine;
}

function kernelSine(x: number, tail: number): number {
  const z = x * x;
  const v = z * x;
  const r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)));
  return x - (z * (0.5 * tail - v * r) - tail - v * S1);
}

function kernelCosine(x: number, tail: number): number {
  const z = x * x;
  const r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * r - x * tail));
}
