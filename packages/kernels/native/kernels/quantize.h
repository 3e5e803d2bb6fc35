// Group quantization of activations and of weights: scale = max|x| / 127, value = round-half-to-even(x / scale).
#pragma once

#include "../simd/narrow.h"
#include "elementwise.h"
#include "weights-q8.h"

namespace {

/** float32 values as the input of a quantization. */
struct Floats {
  const float* data;
  INLINE Floats from(size_t i) const { return {data + i}; }
  /** The first `count` values from i on, at most sixteen, then zeros. */
  INLINE F16 load(size_t i, size_t count) const { return loadUpTo16(data + i, count); }
};

/** max|x|, as the integer maximum of bits without the sign, so that every instruction set gives the same for NaN. */
template <class Source>
INLINE float largestOf(Source x, size_t n) {
  I16 most = splat16(0);
  forSixteens(n, [&](size_t i, size_t count) { most = max16(most, magnitudeBits(x.load(i, count))); });
  const int32_t bits = maxLane(most);
  float magnitude;
  memcpy(&magnitude, &bits, sizeof magnitude);
  return magnitude;
}

/** x / scale, rounded half to even by adding and subtracting 1.5 * 2^23. */
INLINE I16 quantize16(F16 x, F16 scale) {
  const F16 rounder = splat16(12582912.0f);
  const I16 q = toInt16((x / scale + rounder) - rounder);
  return max16(min16(q, splat16(127)), splat16(-127));
}

/** Whether values can be divided by the scale. If it is zero or not finite, all values of the group are zeros. */
INLINE bool usable(float scale) { return scale > 0 && finite(scale); }

/** The scale of a group; not finite if a value is NaN or infinite. */
template <class Source>
INLINE float scaleOf(Source x, size_t n) {
  return largestOf(x, n) / kLargestValue;
}

/** Quantizes a group by its scale, and calls each(x, q) for each sixteen values, the last of them padded with zeros. */
template <class T, class Source, class Each>
INLINE void quantizeGroup(T* out, float scale, Source x, size_t n, Each each) {
  if (!usable(scale)) {
    memset(out, 0, n * sizeof(T));
    forSixteens(n, [&](size_t i, size_t count) { each(x.load(i, count), splat16(0)); });
    return;
  }
  const F16 divisor = splat16(scale);
  forSixteens(n, [&](size_t i, size_t count) {
    const F16 values = x.load(i, count);
    const I16 q = quantize16(values, divisor);
    storeNarrow(out + i, q, count);
    each(values, q);
  });
}

/** Values that stay in the first-level cache between the two times they are read. */
constexpr size_t kRunValues = 2048;

/**
 * Quantizes the groups that this thread takes, and calls each(x, q, scale). The scales of a run of groups are computed before
 * its values, so that no group waits for its scale.
 */
template <class Source, class Each>
INLINE void quantizeGroups(int8_t* values, Array<float> scales, Source x, size_t n, const Worker& worker, Each each) {
  const size_t runGroups = unitsOf(kRunValues, n);
  forElements(worker, scales.length, unitsOf(16 * kUnitElements, n), [&](size_t begin, size_t end) {
    for (size_t first = begin; first < end; first += runGroups) {
      const size_t last = smaller(end, first + runGroups);
      for (size_t g = first; g < last; g++) scales.data[g] = scaleOf(x.from(g * n), n);
      for (size_t g = first; g < last; g++) {
        const F16 scale = splat16(scales.data[g]);
        quantizeGroup(values + g * n, scales.data[g], x.from(g * n), n, [&](F16 v, I16 q) { each(v, q, scale); });
      }
    }
  });
}

void quantize(const QuantizeArgs& args, const Worker& worker) {
  quantizeGroups(args.values.data, args.scales, Floats{args.x.data}, args.groupSize, worker, [](F16, I16, F16) {});
}

void dequantize(const QuantizeArgs& args, const Worker& worker) {
  const size_t groupsPerUnit = unitsOf(16 * kUnitElements, args.groupSize);
  forElements(worker, args.scales.length, groupsPerUnit, [&](size_t begin, size_t end) {
    for (size_t g = begin; g < end; g++) {
      const size_t offset = g * args.groupSize;
      dequantizeGroup(args.x.data + offset, args.values.data + offset, args.scales.data[g], args.groupSize);
    }
  });
}

}  // namespace
