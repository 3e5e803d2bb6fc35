// The loader of int8 weights with a scale per group, row-major; `Scales` says how the scales are stored.
#pragma once

#include "../simd/dot.h"
#include "scales.h"

namespace {

/** int8 to int32 lanes; reads no more than `n` values. */
INLINE I16 loadInt8(const int8_t* p, size_t n) {
  int8_t bytes[16] = {};
  if (n >= 16) memcpy(bytes, p, 16);
  else memcpy(bytes, p, n);
  typedef int8_t Bytes __attribute__((vector_size(kLanes)));
#define E(i) __builtin_convertvector(loadAs<Bytes>(bytes + i * kLanes), vi)
  return EACH(E);
#undef E
}

/** out = values * scale for one group. */
INLINE void dequantizeGroup(float* out, const int8_t* values, float scale, size_t n) {
  const F16 s = splat16(scale);
  for (size_t i = 0; i < n; i += 16) storeUpTo16(out + i, toFloat16(loadInt8(values + i, n - i)) * s, n - i);
}

/** Consecutive int8 weights. */
struct Int8Values {
  const int8_t* data;
  INLINE Int8Values from(size_t i) const { return {data + i}; }
  INLINE const void* address() const { return data; }
  /** The first kDotWeights weights, as `dot` takes them. */
  INLINE vi load() const { return loadWeights(data); }
  /** The first `n` < kDotWeights weights, then zeros. */
  INLINE vi loadPart(size_t n) const {
    int8_t part[kDotWeights] = {};
    memcpy(part, data, n);
    return loadWeights(part);
  }
};

template <class Scales>
struct Q8Weights {
  static constexpr bool kQuantizesActivations = true, kIsInPanels = false;
  /** Bits of a weight. */
  static constexpr size_t kBits = 8;
  static INLINE size_t rowBytes(size_t cols) { return cols; }

  /** One row of the matrix. */
  struct Row {
    Int8Values values;
    Scales scales;
  };

  const int8_t* values;
  Scales scales;
  size_t cols, groupSize, groups;

  explicit Q8Weights(const Matrix& matrix)
      : values(reinterpret_cast<const int8_t*>(matrix.values.data)),
        scales(Scales::of(matrix.scales.data)),
        cols(matrix.cols),
        groupSize(matrix.groupSize),
        groups(matrix.cols / matrix.groupSize) {}
  INLINE Row row(size_t i) const {
    return {{values + i * cols}, scales.from(i * groups)};
  }
  /** Where the values of a row begin. */
  INLINE const uint8_t* address(size_t i) const { return reinterpret_cast<const uint8_t*>(values + i * cols); }
  void dequantizeRow(float* out, size_t i) const {
    for (size_t g = 0; g < groups; g++) {
      dequantizeGroup(out + g * groupSize, values + i * cols + g * groupSize, scales.at(i * groups + g), groupSize);
    }
  }
};

}  // namespace
