// Reading memory: the exclusive-or of all words of an array, as fast as the core reads.
#pragma once

#include "elementwise.h"
#include "prefetch.h"

namespace {

/** The exclusive-or of words [begin, end); prefetches `aheadBytes` ahead. It has no order to keep, so that reading takes all the time. */
template <Prefetch kInto>
INLINE I16 xorWords(const int32_t* x, size_t begin, size_t end, size_t aheadBytes) {
  constexpr size_t kStep = 64, kLineWords = 16;
  I16 acc[4] = {splat16(0), splat16(0), splat16(0), splat16(0)};
  for (; begin + kStep <= end; begin += kStep) {
    UNROLL for (size_t i = 0; i < 4; i++) {
      const int32_t* line = x + begin + kLineWords * i;
      prefetchInto<kInto>(reinterpret_cast<const char*>(line) + aheadBytes);
      acc[i] = acc[i] ^ load16(line);
    }
  }
  I16 folded = (acc[0] ^ acc[1]) ^ (acc[2] ^ acc[3]);
  for (; begin < end; begin++) {
    I16 last = splat16(0);
    memcpy(&last, x + begin, sizeof(int32_t));
    folded = folded ^ last;
  }
  return folded;
}

void xorAll(const XorArgs& args, const Worker& worker) {
  constexpr size_t kUnitWords = 64 * 1024;
  const Tuning& tuning = worker.shared->tuning;
  I16 folded = splat16(0);
  withPrefetch(tuning.prefetch, [&]<Prefetch kInto>() {
    forElements(worker, args.x.length, kUnitWords, [&](size_t begin, size_t end) {
      folded = folded ^ xorWords<kInto>(args.x.data, begin, end, tuning.prefetchBytes);
    });
  });
  int32_t lane[16], all = 0;
  memcpy(lane, &folded, sizeof lane);
  for (int32_t value : lane) all ^= value;
  __atomic_fetch_xor(args.out.data, all, __ATOMIC_SEQ_CST);
}

}  // namespace
