// The exclusive-or of all words of an array: the least that can be done with memory that is read.

export function xorAll(x: Int32Array): number {
  let folded = 0;
  for (let i = 0; i < x.length; i++) folded ^= x[i]!;
  return folded;
}
