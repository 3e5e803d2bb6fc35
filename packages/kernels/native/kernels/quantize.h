// Group quantization of activations and of weights: scale = max|x| / 127, value = round-half-to-even(x / scale).
#pragma once

#include "elementwise.h"

namespace {

/** max|x| as the integer maximum of bits without their sign, so that every instruction set agrees on NaN too. */
INLINE float largestOf(const float* x, size_t n) {
  I16 most = splat16(0);
  for (size_t i = 0; i < n; i += 16) most = max16(most, magnitudeBits(loadUpTo16(x + i, n - i)));
  const int32_t bits = maxLane(most);
  float magnitude;
  memcpy(&magnitude, &bits, sizeof magnitude);
  return magnitude;
}

/** Sixteen values of a group with that scale; adding and subtracting 1.5 * 2^23 rounds half to even. */
INLINE I16 quantize16(F16 x, F16 scale) {
  const F16 rounder = splat16(12582912.0f);
  const I16 q = toInt16((x / scale + rounder) - rounder);
  return max16(min16(q, splat16(127)), splat16(-127));
}

/** A zero scale has zeros for values, and so has one that is not finite. Returns whether there is more to do. */
INLINE bool usable(float scale) { return scale > 0 && finite(scale); }

template <class T>
INLINE void storeNarrow(T* out, I16 v, size_t n) {
  typedef T Narrow __attribute__((vector_size(kLanes * sizeof(T))));
  T narrow[16];
  UNROLL for (int i = 0; i < kRegs; i++) storeAs(narrow + i * kLanes, __builtin_convertvector(v.r[i], Narrow));
  memcpy(out, narrow, smaller(n, 16) * sizeof(T));
}

/** Quantizes one group; returns the sum of its values. */
template <class T>
INLINE int32_t quantizeGroup(T* out, float* scale, const float* x, size_t n) {
  *scale = largestOf(x, n) / 127.0f;
  if (!usable(*scale)) {
    memset(out, 0, n * sizeof(T));
    return 0;
  }
  const F16 divisor = splat16(*scale);
  I16 sum = splat16(0);
  for (size_t i = 0; i < n; i += 16) {
    const I16 q = quantize16(loadUpTo16(x + i, n - i), divisor);
    sum = sum + q;
    if (n - i >= 16) storeNarrow(out + i, q, 16);
    else storeNarrow(out + i, q, n - i);
  }
  return kWeightBias == 0 ? 0 : sumLanes(sum);
}

void quantize(const QuantizeArgs& args, const Worker& worker) {
  const size_t groupsPerUnit = unitsOf(16 * kUnitElements, args.groupSize);
  forElements(worker, args.scales.length, groupsPerUnit, [&](size_t begin, size_t end) {
    for (size_t g = begin; g < end; g++) {
      const size_t offset = g * args.groupSize;
      quantizeGroup(args.values.data + offset, args.scales.data + g, args.x.data + offset, args.groupSize);
    }
  });
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

void quantizationError(const QuantizationErrorArgs& args, const Worker& worker) {
  const QuantizeArgs& q = args.quantized;
  const size_t n = q.groupSize;
  I16 most = splat16(0);
  forElements(worker, q.scales.length, unitsOf(16 * kUnitElements, n), [&](size_t begin, size_t end) {
    for (size_t g = begin; g < end; g++) {
      const float* x = q.x.data + g * n;
      const int8_t* values = q.values.data + g * n;
      const F16 scale = splat16(q.scales.data[g]);
      for (size_t i = 0; i < n; i += 16) {
        const F16 stored = toFloat16(loadInt8(values + i, n - i)) * scale;
        most = max16(most, magnitudeBits(loadUpTo16(x + i, n - i) - stored));
      }
    }
  });
  raiseTo(args.out.data, maxLane(most));
}

}  // namespace
