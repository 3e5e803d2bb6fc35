// Sine and cosine in float64, with + − × ÷ only: those of JavaScript may differ between versions of Node.

/** The largest angle that is reduced to ±π/4 without loss. The largest angle of RoPE is the last position. */
export const MAX_ANGLE = 2 ** 20;

// π/2 in pieces of 33 bits, so that the first products with a multiple below 2^20 are exact (fdlibm, e_rem_pio2.c).
const TWO_OVER_PI = 0.6366197723675814;
const PI_2_A = 1.5707963267341256;
const PI_2_B = 6.077100506303966e-11;
const PI_2_C = 2.0222662487111665e-21;

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

/** Writes sin(angle) and cos(angle) into `out`, within 2e-16; 0 ≤ angle ≤ {@link MAX_ANGLE}. */
export function sineCosine(angle: number, out: Float64Array): void {
  const quadrant = angle * TWO_OVER_PI + ROUNDER - ROUNDER;
  const r = angle - quadrant * PI_2_A - quadrant * PI_2_B - quadrant * PI_2_C;
  const sine = kernelSine(r);
  const cosine = kernelCosine(r);
  const odd = (quadrant & 1) === 1;
  out[0] = (quadrant & 2) === 0 ? (odd ? cosine : sine) : odd ? -cosine : -sine;
  out[1] = ((quadrant + 1) & 2) === 0 ? (odd ? sine : cosine) : odd ? -sine : -cosine;
}

function kernelSine(x: number): number {
  const z = x * x;
  return x + x * z * (S1 + z * (S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))));
}

function kernelCosine(x: number): number {
  const z = x * x;
  const half = 0.5 * z;
  const w = 1 - half;
  // 1 - w - half is the rounding error of the subtraction.
  return w + (1 - w - half + z * z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6))))));
}
