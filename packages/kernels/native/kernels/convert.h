// The kernels of an export: elements of a checkpoint are widened to float32, or quantized in one pass over memory.
#pragma once

#include "quantize.h"

namespace {

/** The first `count` elements of two bytes, at most sixteen, then zeros. */
template <class Load>
INLINE F16 loadShorts(const uint8_t* p, size_t count, Load load) {
  if (count >= 16) return load(reinterpret_cast<const uint16_t*>(p));
  uint16_t part[16] = {};
  memcpy(part, p, 2 * count);
  return load(part);
}

struct Float32Elements {
  const uint8_t* data;
  INLINE Float32Elements from(size_t i) const { return {data + 4 * i}; }
  INLINE F16 load(size_t i, size_t count) const {
    return loadUpTo16(reinterpret_cast<const float*>(data + 4 * i), count);
  }
};

struct HalfElements {
  const uint8_t* data;
  INLINE HalfElements from(size_t i) const { return {data + 2 * i}; }
  INLINE F16 load(size_t i, size_t count) const { return loadShorts(data + 2 * i, count, loadHalf16); }
};

struct BFloat16Elements {
  const uint8_t* data;
  INLINE BFloat16Elements from(size_t i) const { return {data + 2 * i}; }
  INLINE F16 load(size_t i, size_t count) const { return loadShorts(data + 2 * i, count, loadBFloat16); }
};

/** f(elements), where `elements.load` widens elements of this dtype. */
template <class F>
INLINE void withElements(const uint8_t* data, SourceDtype dtype, F f) {
  switch (dtype) {
    case SourceDtype::f32: return f(Float32Elements{data});
    case SourceDtype::f16: return f(HalfElements{data});
    case SourceDtype::bf16: return f(BFloat16Elements{data});
  }
}

void widen(const WidenArgs& args, const Worker& worker) {
  float* out = args.out.data;
  withElements(args.source.data, args.dtype, [&](auto elements) {
    forElements(worker, args.out.length, 16 * kUnitElements, [&](size_t begin, size_t end) {
      forSixteens(end - begin, [&](size_t i, size_t count) {
        storeUpTo16(out + begin + i, elements.load(begin + i, count), count);
      });
    });
  });
}

void quantizeWeights(const QuantizeWeightsArgs& args, const Worker& worker) {
  I16 most = splat16(0);
  withElements(args.source.data, args.dtype, [&](auto elements) {
    quantizeGroups(args.values.data, args.scales, elements, args.groupSize, worker, [&](F16 x, I16 q, F16 scale) {
      most = max16(most, magnitudeBits(x - toFloat16(q) * scale));
    });
  });
  raiseTo(args.largest.data, maxLane(most));
}

}  // namespace
