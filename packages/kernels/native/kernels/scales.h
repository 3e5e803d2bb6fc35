// Scales of quantized weights: as a file has them, or as the maxima they were made of, which take half the memory.
#pragma once

#include "../simd/half.h"
#include "../table.h"

namespace {

using namespace kernels;

/** A writer divides the largest magnitude of a group by it: docs/format.md. */
constexpr float kLargestValue = 127.0f;
/** 1 / 127 in two parts, the first of 16 bits: times the 8 bits of a bfloat16 it is exact. */
constexpr float kReciprocalHigh = 0x1.0204p-7f, kReciprocalLow = (float)(1.0 / 127 - 0x1.0204p-7);

/**
 * maximum / 127, rounded once, for less than a division costs: the sum of both products rounds as the quotient does, for
 * every bfloat16 whose second product is not subnormal.
 */
INLINE F16 scalesOfMaxima(F16 maxima) { return maxima * splat16(kReciprocalHigh) + maxima * splat16(kReciprocalLow); }

/** Scales of consecutive groups. */
struct Scales {
  const uint8_t* data;
  bool areMaxima;

  INLINE Scales from(size_t group) const { return {at(group), areMaxima}; }
  INLINE const uint8_t* at(size_t group) const {
    return data + group * (areMaxima ? sizeof(uint16_t) : sizeof(float));
  }
  INLINE float operator[](size_t group) const {
    if (!areMaxima) return reinterpret_cast<const float*>(data)[group];
    const uint32_t bits = (uint32_t)reinterpret_cast<const uint16_t*>(data)[group] << 16;
    float maximum;
    memcpy(&maximum, &bits, sizeof maximum);
    return maximum * kReciprocalHigh + maximum * kReciprocalLow;
  }
  INLINE F16 load16(size_t group) const {
    if (areMaxima) return scalesOfMaxima(loadBFloat16(reinterpret_cast<const uint16_t*>(data) + group));
    return ::load16(reinterpret_cast<const float*>(data) + group);
  }
};

INLINE Scales scalesOf(const Matrix& weight) { return {weight.scales.data, weight.hasMaxima}; }

/** In the low half of the lanes, half to even; a NaN may end as any number. */
INLINE I16 roundToBFloat16(F16 x) {
  const I16 bits = bits16(x), odd = (bits >> 16) & splat16(1);
  return (bits + splat16(0x7fff) + odd) >> 16;
}

}  // namespace
