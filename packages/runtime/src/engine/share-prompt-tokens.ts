// Divides the prompt tokens of a pass among the sequences with prompt left.

/**
 * Equal shares; what a short prompt does not need goes to the longer ones. The sum of shares is the smaller of `nTokens`
 * and the sum of `wanted`.
 *
 * @param wanted prompt tokens left, by sequence
 */
export function sharePromptTokens(wanted: readonly number[], nTokens: number): number[] {
  const shares = wanted.map(() => 0);
  const shortestFirst = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  let left = nTokens;
  shortestFirst.forEach((i, rank) => {
    const share = Math.min(wanted[i]!, Math.ceil(left / (shortestFirst.length - rank)));
    shares[i] = share;
    left -= share;
  });
  return shares;
}
