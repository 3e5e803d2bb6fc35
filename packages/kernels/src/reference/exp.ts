// The canonical exponential: polynomial and scaling in float32, each operation rounded once.

const OVERFLOW = 88.72283172607422; // the largest float32 x with a finite result
const UNDERFLOW = -103.97208404541016; // below: half of the smallest subnormal, rounds to 0
const LOG2_E = Math.fround(Math.LOG2E);
const ROUNDER = 12582912; // 1.5 * 2^23: adding and subtracting it rounds to an integer, half to even
const LN2_HIGH = Math.fround(0.693359375); // few bits, so that n * LN2_HIGH is exact
const LN2_LOW = Math.fround(-2.1219444e-4);
// Cephes' expf polynomial.
const C0 = Math.fround(1.98756915e-4);
const C1 = Math.fround(1.3981999507e-3);
const C2 = Math.fround(8.3334519073e-3);
const C3 = Math.fround(4.1665795894e-2);
const C4 = Math.fround(1.6666665459e-1);
const C5 = Math.fround(5.0000001201e-1);

const LOWEST_POWER = -80;
const powersOfTwo = tabulatePowersOfTwo(LOWEST_POWER, 80);

/** exp(x) of a float32 x, under 1 ulp off. */
export function exp(x: number): number {
  if (x > OVERFLOW) return Infinity;
  if (x < UNDERFLOW) return 0;
  if (Number.isNaN(x)) return x;
  const f = Math.fround;
  const n = f(f(f(x * LOG2_E) + ROUNDER) - ROUNDER);
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  let p = C0;
  p = f(f(p * r) + C1);
  p = f(f(p * r) + C2);
  p = f(f(p * r) + C3);
  p = f(f(p * r) + C4);
  p = f(f(p * r) + C5);
  const y = f(f(f(p * f(r * r)) + r) + 1);
  // 2^n in two factors, since n reaches past the exponents of float32 on both sides.
  const half = n >> 1;
  return f(f(y * powersOfTwo[half - LOWEST_POWER]!) * powersOfTwo[n - half - LOWEST_POWER]!);
}

function tabulatePowersOfTwo(lowest: number, highest: number): Float32Array {
  const table = new Float32Array(highest - lowest + 1);
  for (let i = 0, power = 1; i <= highest; i++, power *= 2) table[i - lowest] = power;
  for (let i = 0, power = 1; i >= lowest; i--, power /= 2) table[i - lowest] = power;
  return table;
}
