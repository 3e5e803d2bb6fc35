// The key/value cache: loading its elements, finding the segment of a unit of work, and storing keys and values.
#pragma once

#include "../simd/half.h"
#include "elementwise.h"

namespace {

template <class T>
INLINE F16 loadCached(const T* p) {
  if constexpr (sizeof(T) == 4) return load16(p);
  else return loadHalf16(p);
}
template <class T>
INLINE F16 loadCachedUpTo16(const T* p, size_t n) {
  if (n >= 16) return loadCached(p);
  T padded[16] = {};
  memcpy(padded, p, n * sizeof(T));
  return loadCached(padded);
}

template <class T>
INLINE void storeVector(T* to, const float* from, size_t n) {
  if constexpr (sizeof(T) == 4) memcpy(to, from, n * sizeof(T));
  else {
    for (size_t i = 0; i < n; i += 16) storeHalf16(to + i, loadUpTo16(from + i, n - i), smaller(16, n - i));
  }
}

template <class T>
void storeSegment(const CacheArgs& args, const Segment& segment, size_t row) {
  for (size_t head = 0; head < args.nKvHeads; head++) {
    const size_t from = ((segment.row + row) * args.nKvHeads + head) * args.headDim;
    const size_t position = segment.position + row;
    const size_t to = ((args.layer * args.nKvHeads + head) * segment.seqLen + position) * args.headDim;
    storeVector(reinterpret_cast<T*>(segment.keys.data) + to, args.first.data + from, args.headDim);
    storeVector(reinterpret_cast<T*>(segment.values.data) + to, args.second.data + from, args.headDim);
  }
}

/** f(segment, unit within it) for the units that this thread takes; `unitsIn(segment)` counts the units of a segment. */
template <class CountUnits, class F>
INLINE void forSegments(const CacheArgs& args, const Worker& worker, CountUnits unitsIn, F f) {
  size_t total = 0;
  Words counting = args.segments;
  for (size_t i = 0; i < args.count; i++) total += unitsIn(Segment(counting));
  for (size_t unit; (unit = worker.next(total)) < total;) {
    Words words = args.segments;
    for (size_t i = 0; i < args.count; i++) {
      const Segment segment(words);
      const size_t units = unitsIn(segment);
      if (unit < units) {
        f(segment, unit);
        break;
      }
      unit -= units;
    }
  }
}

void store(const CacheArgs& args, const Worker& worker) {
  forSegments(
      args, worker, [](const Segment& segment) { return segment.nRows; },
      [&](const Segment& segment, size_t row) {
        if (segment.half) storeSegment<uint16_t>(args, segment, row);
        else storeSegment<float>(args, segment, row);
      });
}

}  // namespace
