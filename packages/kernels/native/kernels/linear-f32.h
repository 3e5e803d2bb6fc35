// float32 matrix times tokens: every output is a sum16 dot product.
#pragma once

#include "fetch-once.h"
#include "quantize.h"

namespace {

/** Rows and tokens whose sixteen-lane accumulators fit the registers together. */
#if VEC_BYTES == 64
constexpr int kRowTile = 4, kTokenTile = 6;
#elif VEC_BYTES == 32
constexpr int kRowTile = 2, kTokenTile = 2;
#else
constexpr int kRowTile = 1, kTokenTile = 2;
#endif

/** R rows from w with T tokens from x, both `cols` apart. */
template <int R, int T>
INLINE void f32Tile(float* out, size_t outStride, const float* w, const float* x, size_t cols, bool& isFinite) {
  F16 acc[R][T];
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int t = 0; t < T; t++) acc[r][t] = splat16(0.0f);
  const size_t whole = cols / 16 * 16;
  for (size_t k = 0; k < whole; k += 16) {
    F16 wv[R];
    UNROLL for (int r = 0; r < R; r++) wv[r] = load16(w + r * cols + k);
    if (R == 1 && T == 1) fetchOnce(w + k + kAheadBytes / sizeof(float));
    UNROLL for (int t = 0; t < T; t++) {
      const F16 xv = load16(x + t * cols + k);
      UNROLL for (int r = 0; r < R; r++) acc[r][t] = acc[r][t] + wv[r] * xv;
    }
  }
  for (int r = 0; r < R && whole < cols; r++) {
    const F16 wv = loadPart16(w + r * cols + whole, cols - whole);
    for (int t = 0; t < T; t++) acc[r][t] = acc[r][t] + wv * loadPart16(x + t * cols + whole, cols - whole);
  }
  for (int r = 0; r < R; r++) {
    for (int t = 0; t < T; t++) {
      const float sum = fold16(acc[r][t]);
      out[t * outStride + r] = sum;
      isFinite = isFinite && finite(sum);
    }
  }
}

/** R rows with all tokens. */
template <int R, int T>
INLINE void f32Rows(float* out, size_t outStride, const float* w, const float* x, size_t n, size_t cols, bool& ok) {
  size_t t = 0;
  for (; t + T <= n; t += T) f32Tile<R, T>(out + t * outStride, outStride, w, x + t * cols, cols, ok);
  for (; t < n; t++) f32Tile<R, 1>(out + t * outStride, outStride, w, x + t * cols, cols, ok);
}

/** Rows [first, end) with all tokens; returns whether every output is finite. */
bool f32Block(const Matrix& weight, float* out, size_t first, size_t end, const float* x, size_t n) {
  const size_t cols = weight.cols, stride = weight.rows;
  bool ok = true;
  size_t row = first;
  const auto w = [&] { return weight.floats() + row * cols; };
  // A single token takes row after row: memory is faster at one stream than at several side by side.
  if (n == 1) {
    for (; row < end; row++) f32Tile<1, 1>(out + row, stride, w(), x, cols, ok);
  }
  for (; row + kRowTile <= end; row += kRowTile) {
    f32Rows<kRowTile, kTokenTile>(out + row, stride, w(), x, n, cols, ok);
  }
  for (; row < end; row++) f32Rows<1, kTokenTile>(out + row, stride, w(), x, n, cols, ok);
  return ok;
}

}  // namespace
