// The known word that a mistyped one most likely meant.

/** Share of the word that may differ. */
const MAX_DIFFERENCE = 0.5;
/** Shorter words begin too many others. */
const MIN_PREFIX = 2;

/** The shortest candidate that begins with the word, else the one with the fewest edits; null when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  for (const candidate of word.length < MIN_PREFIX ? [] : candidates) {
    if (candidate.startsWith(word) && (best === null || candidate.length < best.length)) best = candidate;
  }
  if (best !== null) return best;
  let fewest = Math.floor(word.length * MAX_DIFFERENCE) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance >= fewest) continue;
    fewest = distance;
    best = candidate;
  }
  return best;
}

/**
 * Insertions, deletions, replacements and exchanges of neighbours from one word to the other (the restricted
 * Damerau–Levenshtein distance, one row at a time).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchanged = isExchanged ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
