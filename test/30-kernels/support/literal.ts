// docs/arithmetic.md as literal code, written apart from the package: plain lists, no speed, `f` at each operation.

const f = Math.fround;

/** Sixteen lanes, then folded. */
export function sum16(list: readonly number[]): number {
  const lanes = Array.from({ length: 16 }, (_, lane) =>
    list.filter((_, i) => i % 16 === lane).reduce((sum, x) => f(sum + x), 0),
  );
  const fold = (width: number) => {
    for (let j = 0; j < width; j++) lanes[j] = f(lanes[j]! + lanes[j + width]!);
  };
  [8, 4, 2, 1].forEach(fold);
  return lanes[0]!;
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return sum16(a.map((x, i) => f(x * b[i]!)));
}

export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 88.72283172607422) return Number.POSITIVE_INFINITY;
  if (x < -103.97208404541016) return 0;
  const n = f(f(f(x * f(Math.LOG2E)) + 12582912) - 12582912);
  const r = f(f(x - f(n * f(0.693359375))) - f(n * f(-2.1219444e-4)));
  const coefficients = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1];
  const p = [...coefficients, 5.0000001201e-1].map(f).reduce((sum, c) => f(f(sum * r) + c));
  const y = f(f(f(p * f(r * r)) + r) + 1);
  const h = Math.floor(n / 2);
  return f(f(y * 2 ** h) * 2 ** (n - h));
}

export function rmsNorm(x: readonly number[], weight: readonly number[], epsilon: number): number[] {
  const r = f(1 / f(Math.sqrt(f(f(dot(x, x) / x.length) + f(epsilon)))));
  return x.map((v, i) => f(weight[i]! * f(r * v)));
}

/** Half to even, by looking at both neighbours. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export interface Groups {
  readonly values: number[];
  readonly scales: number[];
}

export function quantize(x: readonly number[], groupSize: number): Groups {
  const groups = chunk(x, groupSize).map((group) => {
    const scale = f(Math.max(...group.map(Math.abs)) / 127);
    const values = group.map((v) => (scale === 0 ? 0 : roundHalfToEven(f(v / scale))));
    return { scale, values: values.map((q) => Math.min(127, Math.max(-127, q)) + 0) };
  });
  return { values: groups.flatMap(({ values }) => values), scales: groups.map(({ scale }) => scale) };
}

/** The largest difference between x and its dequantized values. */
export function quantizationError(x: readonly number[], { values, scales }: Groups, groupSize: number): number {
  return x.reduce((most, v, i) => {
    const stored = f(values[i]! * scales[Math.floor(i / groupSize)]!);
    return Math.max(most, Math.abs(f(v - stored)));
  }, 0);
}

/** One output of a quantized matrix-vector product. */
export function q8Dot(weight: Groups, x: Groups, groupSize: number): number {
  const w = chunk(weight.values, groupSize);
  return chunk(x.values, groupSize).reduce((acc, group, g) => {
    const isum = group.reduce((sum, q, i) => sum + q * w[g]![i]!, 0);
    return f(acc + f(f(isum) * f(weight.scales[g]! * x.scales[g]!)));
  }, 0);
}

export function rope(x: readonly number[], cos: readonly number[], sin: readonly number[]): number[] {
  return cos.flatMap((c, i) => {
    const [a, b] = [x[2 * i]!, x[2 * i + 1]!];
    return [f(f(a * c) - f(b * sin[i]!)), f(f(a * sin[i]!) + f(b * c))];
  });
}

export function softmax(x: readonly number[]): number[] {
  const max = x.reduce((a, b) => Math.max(a, b));
  const e = x.map((v) => exp(f(v - max)));
  const sum = sum16(e);
  return e.map((v) => f(v / sum));
}

/** One head: q (headDim), keys and values (positions, headDim). */
export function attention(q: number[], keys: readonly number[][], values: readonly number[][]): number[] {
  const scale = f(1 / f(Math.sqrt(q.length)));
  const p = softmax(keys.map((key) => f(dot(q, key) * scale)));
  return q.map((_, d) => p.reduce((acc, weight, t) => f(acc + f(weight * values[t]![d]!)), 0));
}

export function silu(x: number): number {
  return f(x / f(1 + exp(-x)));
}

/** The value of a float16. */
export function halfValue(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(bits / 1024) % 32;
  const fraction = bits % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the half nearest to x after clamping, found by bisection over all finite halves. */
export function nearestHalf(x: number): number {
  const sign = Object.is(x, -0) || x < 0 ? 0x8000 : 0;
  const magnitude = Math.min(Math.abs(x), 65504);
  let [low, high] = [0, 0x7bff];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (halfValue(middle) <= magnitude) low = middle;
    else high = middle;
  }
  const [toLow, toHigh] = [magnitude - halfValue(low), halfValue(high) - magnitude];
  if (toLow === toHigh) return sign + (low % 2 === 0 ? low : high);
  return sign + (toLow < toHigh ? low : high);
}

/** Rows of `length` elements. */
export function chunk(list: ArrayLike<number>, length: number): number[][] {
  const all = Array.from(list);
  const rows: number[][] = [];
  for (let i = 0; i < all.length; i += length) rows.push(all.slice(i, i + length));
  return rows;
}
