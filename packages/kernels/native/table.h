// What one instruction set offers: a function per operation, each called by every thread at once.
#pragma once

#include "ops.h"
#include "sync.h"

namespace kernels {

/** More would only wait for memory. Also bounds the counters below. */
constexpr uint32_t kMaxThreads = 256;

/** State that the threads of a run share. */
struct Shared {
  /** Units each thread's share has given out in this phase. */
  struct alignas(64) Counter {
    Word taken;
  };
  Counter counters[kMaxThreads];
  Word cancelled;
  /** Written at a barrier: all threads end the run there, as all see the same. */
  Word ended;
  Word nonFinite;
  Barrier barrier;
};

/** Consecutive units of a phase. */
struct Units {
  size_t first, count;
};

/** One thread of a run. */
struct Worker {
  uint32_t thread;
  uint32_t threads;
  Shared* shared;
  /** Scratch of the operation, seen by all threads, and of this thread alone; 64-byte aligned. */
  uint8_t* common;
  uint8_t* own;

  /**
   * The next of `total` units of the phase that are this thread's to compute, `most` at a time; none when none is left. A
   * thread walks its own contiguous share in order, so that it streams; then it helps where others are behind. Towards the end
   * of a share it takes fewer, down to one: threads then wait for each other only as long as a unit takes.
   */
  SHARED_INLINE Units next(size_t total, size_t most) const {
    if (shared->cancelled.load() != 0) return {0, 0};
    for (uint32_t i = 0; i < threads; i++) {
      const uint32_t owner = (thread + i) % threads;
      const size_t begin = total * owner / threads, length = total * (owner + 1) / threads - begin;
      Word& taken = shared->counters[owner].taken;
      const size_t before = taken.load();
      if (before >= length) continue;
      const size_t quarter = (length - before) / 4, wanted = quarter < 1 ? 1 : quarter < most ? quarter : most;
      const size_t first = taken.add((uint32_t)wanted);
      if (first < length) return {begin + first, wanted < length - first ? wanted : length - first};
    }
    return {0, 0};
  }

  /** One unit, or `total` when none is left. */
  SHARED_INLINE size_t next(size_t total) const {
    const Units units = next(total, 1);
    return units.count == 0 ? total : units.first;
  }
};

/** Bytes an operation wants, multiples of 64. */
struct Scratch {
  size_t common;
  size_t perThread;
};

struct KernelTable {
  const char* name;
  void (*embed)(const EmbedArgs&, const Worker&);
  void (*rmsNorm)(const RmsNormArgs&, const Worker&);
  Scratch (*linearScratch)(const LinearArgs&);
  void (*linearQuantize)(const LinearArgs&, const Worker&);
  void (*linear)(const LinearArgs&, const Worker&);
  void (*rope)(const RopeArgs&, const Worker&);
  void (*store)(const CacheArgs&, const Worker&);
  Scratch (*attentionScratch)(const CacheArgs&);
  void (*attention)(const CacheArgs&, const Worker&);
  void (*swiGlu)(const PairArgs&, const Worker&);
  void (*add)(const PairArgs&, const Worker&);
  void (*gather)(const GatherArgs&, const Worker&);
  void (*softmax)(const SoftmaxArgs&, const Worker&);
  void (*widen)(const WidenArgs&, const Worker&);
  void (*quantize)(const QuantizeArgs&, const Worker&);
  void (*dequantize)(const QuantizeArgs&, const Worker&);
  void (*quantizeWeights)(const QuantizeWeightsArgs&, const Worker&);
  void (*largestMagnitude)(const MagnitudeArgs&, const Worker&);
  void (*groupMaxima)(const GroupMaximaArgs&, const Worker&);
  void (*xorAll)(const XorArgs&, const Worker&);
};

}  // namespace kernels
