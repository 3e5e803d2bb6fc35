// The exclusive-or of all words of an array: the simplest computation that reads all of it.

export function xorAll(x: Int32Array): number {
  let folded = 0;
  for (let i = 0; i < x.length; i++) folded ^= x[i]!;
  return folded;
}
