// Choices that depend on the core rather than on the instruction set. None of them changes a result.
#pragma once

#include <stdint.h>

namespace kernels {

/** Which weights are prefetched, and the cache that they are prefetched into. */
enum class Prefetch : uint32_t {
  none,
  /** The first level only, so that weights, which are read once, replace nothing in the other caches. */
  firstLevel,
  /** The second level. It suits cores with few buffers for misses of the first level. */
  secondLevel,
  /**
   * The second level, and only the first line of each page. The core's own prefetcher reads the rest of a page. It stops at the
   * end of a page, and more prefetches would take the buffers that it needs.
   */
  pageStarts,
};

/** src/tuning.ts explains the choices and makes them. */
struct Tuning {
  Prefetch prefetch;
  /** How far ahead of its use a weight is prefetched, in bytes. */
  uint32_t prefetchBytes;
  /** The most tokens for which the rows of a quantized matrix are streamed; at most what the kernels are compiled for. */
  uint32_t streamTokens;
  /** The most bytes of weights that a thread takes at a time. */
  uint32_t shareBytes;
  /** How often a thread at a barrier checks for the others before it sleeps. */
  uint32_t spins;
};

}  // namespace kernels
