// Sums in sixteen lanes: the one order in which float32 numbers along a vector are added.

const lanes = new Float32Array(16);

/** sum16 of a[i] * b[i], each product rounded; `n` elements from the given offsets. */
export function dot16(a: Float32Array, aOffset: number, b: Float32Array, bOffset: number, n: number): number {
  lanes.fill(0);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    for (let j = 0; j < 16; j++) {
      lanes[j] = lanes[j]! + Math.fround(a[aOffset + i + j]! * b[bOffset + i + j]!);
    }
  }
  for (let j = 0; i + j < n; j++) {
    lanes[j] = lanes[j]! + Math.fround(a[aOffset + i + j]! * b[bOffset + i + j]!);
  }
  return foldLanes();
}

/** sum16 of `n` elements of x from `offset`. */
export function sum16(x: Float32Array, offset: number, n: number): number {
  lanes.fill(0);
  for (let i = 0; i < n; i++) lanes[i & 15] = lanes[i & 15]! + x[offset + i]!;
  return foldLanes();
}

function foldLanes(): number {
  for (let width = 8; width >= 1; width >>= 1) {
    for (let j = 0; j < width; j++) lanes[j] = lanes[j]! + lanes[j + width]!;
  }
  return lanes[0]!;
}
