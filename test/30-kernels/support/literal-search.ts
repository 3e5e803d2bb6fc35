// The choice of scales and values of weights in panels as literal code: docs/arithmetic.md, rules 11 and 12, once more.

import { bitsOf } from './assert-bits.js';
import { halfValue, nearestHalf, roundHalfToEven } from './literal.js';
import type { PanelWeights } from './literal-panels.js';

const f = Math.fround;
const GROUP = 32;

/** One group: half-precision bits of the scale, and int8 values or indices. */
interface Group {
  readonly half: number;
  readonly stored: readonly number[];
}

/** Rows of weights as they are stored, and the largest |weight − stored weight|. */
export function quantizeRows(
  x: readonly number[],
  { dtype, rows, cols, codebook }: Omit<PanelWeights, 'stored' | 'scales'>,
): { readonly weights: PanelWeights; readonly largest: number } {
  const groups = Array.from({ length: x.length / GROUP }, (_, g) => {
    const group = x.slice(g * GROUP, (g + 1) * GROUP);
    return dtype === 'Q8' ? inEightBits(group) : inFourBits(group, codebook);
  });
  const stored = groups.flatMap((group) => [...group.stored]);
  const scales = groups.map(({ half }) => half);
  let largest = 0;
  for (const [i, weight] of x.entries()) {
    const value = dtype === 'Q8' ? stored[i]! : codebook[stored[i]!]!;
    const error = Math.abs(f(weight - f(value * halfValue(scales[Math.floor(i / GROUP)]!))));
    if (!Number.isFinite(weight) || Number.isNaN(largest)) largest = Number.NaN;
    else largest = Math.max(largest, error);
  }
  return { weights: { dtype, rows, cols, codebook, stored, scales }, largest };
}

function inEightBits(x: readonly number[]): Group {
  const largest = Math.max(...x.map(Math.abs));
  if (!Number.isFinite(largest)) return { half: 0, stored: x.map(() => 0) };
  const half = nearestHalf(f(largest / 127));
  const scale = halfValue(half);
  const q = (weight: number): number => Math.max(-127, Math.min(127, roundHalfToEven(f(weight / scale))));
  return { half, stored: x.map((weight) => (scale === 0 ? 0 : q(weight))) };
}

function inFourBits(x: readonly number[], codebook: readonly number[]): Group {
  const half = nearestHalf(searched(x, codebook));
  return { half, stored: nearest(x, halfValue(half), codebook) };
}

/** The scale of the candidate that explains most, before it is rounded to half precision. */
function searched(x: readonly number[], codebook: readonly number[]): number {
  const largest = x.find(
    (weight) => bitsOf(Math.abs(weight)) === Math.max(...x.map((other) => bitsOf(Math.abs(other)))),
  )!;
  if (!(Math.abs(largest) >= 2 ** -25 && Math.abs(largest) < 2 ** 23)) return 0;
  let [best, scale] = [0, 0];
  for (let t = -5; t <= 5; t++) {
    for (const end of [codebook[0]!, codebook[15]!]) {
      const place = f((end * (127 + 4 * t)) / 127);
      if (place === 0) continue;
      const entries = nearest(x, f(largest / place), codebook).map((index) => codebook[index]!);
      const products = sum(x.map((weight, i) => f(entries[i]! * weight)));
      const squares = sum(entries.map((entry) => entry * entry));
      const explained = f(f(products * products) / squares);
      if (!(explained > best)) continue;
      best = explained;
      scale = f(sum(x.map((weight) => f(weight * weight))) / products);
    }
  }
  return scale;
}

function sum(list: readonly number[]): number {
  return list.reduce((total, number) => f(total + number), 0);
}

/** Indices of the nearest entries, the lower of two that are as near. */
function nearest(x: readonly number[], scale: number, codebook: readonly number[]): number[] {
  const inverse = scale === 0 ? 0 : f(1 / scale);
  return x.map((weight) => {
    const scaled = f(weight * inverse);
    return codebook.filter((entry, k) => k > 0 && 2 * scaled > entry + codebook[k - 1]!).length;
  });
}
