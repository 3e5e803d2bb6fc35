// Element types of a key/value cache.

/** Element types of a cache: float32, or half precision with half the memory and its own rounding. */
export const cacheTypes = ['f32', 'f16'] as const;

/** One of {@link cacheTypes}. */
export type CacheType = (typeof cacheTypes)[number];
