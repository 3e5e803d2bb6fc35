// The loader of float32 weights.
#pragma once

#include "../simd/vec.h"
#include "../table.h"

namespace {

using namespace kernels;

struct Float32Weights {
  static constexpr bool kQuantizesActivations = false;
  static INLINE size_t rowBytes(size_t cols) { return cols * sizeof(float); }

  /** One row of the matrix. */
  struct Row {
    const float* data;
    INLINE F16 load(size_t column) const { return load16(data + column); }
    /** The first `n` < 16 weights from `column` on, then zeros. */
    INLINE F16 loadPart(size_t column, size_t n) const { return loadPart16(data + column, n); }
    INLINE const void* address(size_t column) const { return data + column; }
  };

  const float* data;
  size_t cols;

  explicit Float32Weights(const Matrix& matrix)
      : data(reinterpret_cast<const float*>(matrix.values.data)), cols(matrix.cols) {}
  INLINE Row row(size_t i) const { return {data + i * cols}; }
  void dequantizeRow(float* out, size_t i) const { memcpy(out, row(i).data, cols * sizeof(float)); }
};

}  // namespace
