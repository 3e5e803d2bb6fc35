// Matrix times float32 activations: every output is a sum16 dot product.
#pragma once

#include "prefetch.h"
#include "elementwise.h"
#include "weights.h"

namespace {

/** Rows and tokens of a tile, whose sixteen-lane accumulators fit the registers together. */
#if VEC_BYTES == 64
constexpr int kRowTile = 4, kTokenTile = 6;
#elif VEC_BYTES == 32
constexpr int kRowTile = 2, kTokenTile = 2;
#else
constexpr int kRowTile = 1, kTokenTile = 2;
#endif

/** R rows from row `first` on with T tokens from x, which are `cols` apart. Prefetches weights `aheadBytes` ahead of their use. */
template <int R, int T, Prefetch kInto, class Weights>
INLINE void floatTile(float* out, size_t outStride, const Weights& weights, size_t first, const float* x, size_t aheadBytes,
                      bool& isFinite) {
  const size_t cols = weights.cols, whole = cols / 16 * 16;
  typename Weights::Row rows[R];
  UNROLL for (int r = 0; r < R; r++) rows[r] = weights.row(first + r);
  F16 acc[R][T];
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int t = 0; t < T; t++) acc[r][t] = splat16(0.0f);
  for (size_t k = 0; k < whole; k += 16) {
    F16 wv[R];
    UNROLL for (int r = 0; r < R; r++) wv[r] = rows[r].load(k);
    prefetchInto<kInto>(static_cast<const char*>(rows[0].address(k)) + aheadBytes);
    UNROLL for (int t = 0; t < T; t++) {
      const F16 xv = load16(x + t * cols + k);
      UNROLL for (int r = 0; r < R; r++) acc[r][t] = acc[r][t] + wv[r] * xv;
    }
  }
  for (int r = 0; r < R && whole < cols; r++) {
    const F16 wv = rows[r].loadPart(whole, cols - whole);
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

/** R rows with all `n` tokens. */
template <int R, int T, class Weights>
INLINE void floatRows(float* out, size_t outStride, const Weights& weights, size_t first, const float* x, size_t n, bool& ok) {
  const size_t cols = weights.cols;
  size_t t = 0;
  for (; t + T <= n; t += T) floatTile<R, T, Prefetch::none>(out + t * outStride, outStride, weights, first, x + t * cols, 0, ok);
  for (; t < n; t++) floatTile<R, 1, Prefetch::none>(out + t * outStride, outStride, weights, first, x + t * cols, 0, ok);
}

/** Rows [first, end) of a matrix of `nRows` with all `n` tokens; returns whether every output is finite. */
template <class Weights>
bool floatBlock(const Weights& weights, size_t nRows, float* out, size_t first, size_t end, const float* x, size_t n,
                const Tuning& tuning) {
  bool ok = true;
  size_t row = first;
  // One token takes row after row, because memory is faster at one stream than at several side by side.
  if (n == 1) {
    withPrefetch(tuning.prefetch, [&]<Prefetch kInto>() {
      for (; row < end; row++) floatTile<1, 1, kInto>(out + row, nRows, weights, row, x, tuning.prefetchBytes, ok);
    });
  }
  for (; row + kRowTile <= end; row += kRowTile) {
    floatRows<kRowTile, kTokenTile>(out + row, nRows, weights, row, x, n, ok);
  }
  for (; row < end; row++) floatRows<1, kTokenTile>(out + row, nRows, weights, row, x, n, ok);
  return ok;
}

}  // namespace
