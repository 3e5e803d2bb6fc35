// Scales of quantized weights: float32 as in a file, or computed from the maxima of groups, which take half the memory.
#pragma once

#include "../simd/half.h"
#include "../table.h"

namespace {

using namespace kernels;

/** scale = largest magnitude of the group / kLargestValue: docs/format.md. */
constexpr float kLargestValue = 127.0f;
/** 1 / 127 in two parts. The first has 16 bits, so that its product with the 8 bits of a bfloat16 is exact. */
constexpr float kReciprocalHigh = 0x1.0204p-7f, kReciprocalLow = (float)(1.0 / 127 - 0x1.0204p-7);

/**
 * maximum / 127, rounded once, but faster than a division: the sum of both products rounds as the quotient does, for
 * every bfloat16 whose second product is not subnormal.
 */
INLINE F16 scalesOfMaxima(F16 maxima) { return maxima * splat16(kReciprocalHigh) + maxima * splat16(kReciprocalLow); }

/** Scales of consecutive groups, as float32. */
struct Float32Scales {
  const float* data;

  static INLINE Float32Scales of(const uint8_t* bytes) { return {reinterpret_cast<const float*>(bytes)}; }
  INLINE Float32Scales from(size_t group) const { return {data + group}; }
  INLINE const void* address(size_t group) const { return data + group; }
  INLINE float at(size_t group) const { return data[group]; }
  /** The scales of sixteen groups. */
  INLINE F16 load(size_t group) const { return load16(data + group); }
  /** The scales of a register of groups. */
  INLINE vf loadLanes(size_t group) const { return loadAs<vf>(data + group); }
};

/** Scales of consecutive groups, as the bfloat16 maxima that they are computed from. */
struct ScalesOfMaxima {
  const uint16_t* maxima;

  static INLINE ScalesOfMaxima of(const uint8_t* bytes) { return {reinterpret_cast<const uint16_t*>(bytes)}; }
  INLINE ScalesOfMaxima from(size_t group) const { return {maxima + group}; }
  INLINE const void* address(size_t group) const { return maxima + group; }
  INLINE float at(size_t group) const {
    const uint32_t bits = (uint32_t)maxima[group] << 16;
    float maximum;
    memcpy(&maximum, &bits, sizeof maximum);
    return maximum * kReciprocalHigh + maximum * kReciprocalLow;
  }
  /** The scales of sixteen groups. */
  INLINE F16 load(size_t group) const { return scalesOfMaxima(loadBFloat16(maxima + group)); }
  /** The scales of a register of groups. */
  INLINE vf loadLanes(size_t group) const {
    vf scales;
    UNROLL for (int i = 0; i < kLanes; i++) scales[i] = at(group + i);
    return scales;
  }
};

/** bfloat16 in the low half of each lane, rounded half to even. A NaN may become a number. */
INLINE I16 roundToBFloat16(F16 x) {
  const I16 bits = bits16(x), odd = (bits >> 16) & splat16(1);
  return (bits + splat16(0x7fff) + odd) >> 16;
}

}  // namespace
