// The kernels of one instruction set: a function per operation, which all threads call at the same time.
#pragma once

#include "busy.h"
#include "ops.h"
#include "sync.h"
#include "tuning.h"

namespace kernels {

/** The most threads of a run: more would only wait for memory. */
constexpr uint32_t kMaxThreads = 256;

/** State that the threads of a run share. */
struct Shared {
  /** Units of each thread's share that a thread has taken in this phase. */
  struct alignas(64) Counter {
    Word taken;
  };
  Counter counters[kMaxThreads];
  Word cancelled;
  /** `cancelled` as the last barrier saw it. All threads read the same value after it, and so end the run together. */
  Word ended;
  Word nonFinite;
  Barrier barrier;
  Losses losses;
  /** Threads that compute the run. The last thread at a barrier may lower it. */
  Word active;
  /** Threads that have not left the run yet since `active` was lowered. The run does not end before they have. */
  Word leaving;
  /** Written while no run is in progress. */
  Tuning tuning;
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
  /** Scratch memory of the operation that all threads share; 64-byte aligned. */
  uint8_t* common;
  /** Scratch memory of this thread; 64-byte aligned. */
  uint8_t* own;

  /**
   * Takes the next units for this thread, at most `most` of `total`; none when all are taken. A thread first takes the units of
   * its own contiguous share, in order, so that it streams memory. Then it takes units of other threads' shares. Towards the end
   * of a share it takes fewer at a time, down to one, so that threads wait for each other no longer than a unit takes.
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

  /** Takes the next unit; `total` when all are taken. */
  SHARED_INLINE size_t next(size_t total) const {
    const Units units = next(total, 1);
    return units.count == 0 ? total : units.first;
  }
};

/** Scratch memory that an operation needs, in bytes, multiples of 64. */
struct ScratchBytes {
  size_t common;
  size_t perThread;
};

struct KernelTable {
  const char* name;
  /** Whether this CPU has the instructions. */
  bool (*isSupported)();
  /** Cost of each further row of a pass, relative to a pass over one row. Decides how many tokens are drafted. */
  double rowCost;
  /** Whether kernels wait for memory rather than for arithmetic, so that scales are better computed from maxima of groups. */
  bool prefersGroupMaxima;
  /** The choices for a core that src/tuning.ts does not list; `streamTokens` is the most that these kernels take. */
  Tuning tuning;
  void (*embed)(const EmbedArgs&, const Worker&);
  void (*rmsNorm)(const RmsNormArgs&, const Worker&);
  ScratchBytes (*linearScratch)(const LinearArgs&, const Tuning&);
  void (*linearQuantize)(const LinearArgs&, const Worker&);
  void (*linear)(const LinearArgs&, const Worker&);
  void (*rope)(const RopeArgs&, const Worker&);
  void (*store)(const CacheArgs&, const Worker&);
  ScratchBytes (*attentionScratch)(const CacheArgs&);
  void (*attention)(const CacheArgs&, const Worker&);
  void (*swiGlu)(const PairArgs&, const Worker&);
  void (*add)(const PairArgs&, const Worker&);
  void (*gather)(const GatherArgs&, const Worker&);
  void (*softmax)(const SoftmaxArgs&, const Worker&);
  void (*widen)(const WidenArgs&, const Worker&);
  void (*quantize)(const QuantizeArgs&, const Worker&);
  void (*dequantize)(const QuantizeArgs&, const Worker&);
  void (*quantizeWeights)(const QuantizeWeightsArgs&, const Worker&);
  void (*quantizePanels)(const QuantizePanelsArgs&, const Worker&);
  void (*largestMagnitude)(const MagnitudeArgs&, const Worker&);
  void (*groupMaxima)(const GroupMaximaArgs&, const Worker&);
  void (*xorAll)(const XorArgs&, const Worker&);
};

}  // namespace kernels
