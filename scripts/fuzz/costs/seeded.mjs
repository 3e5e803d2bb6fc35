// Random choices that a seed repeats.

/** @see https://github.com/cprosche/mulberry32 */
export function seeded(seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(random() * n);
  return {
    below,
    /** True with a probability. */
    chance: (probability) => random() < probability,
    pick: (items) => items[below(items.length)],
    /** A list of `n` items. */
    times: (n, make) => Array.from({ length: n }, (_, i) => make(i)),
  };
}
