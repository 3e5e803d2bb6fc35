// Matrix in panels times few tokens: every lane is a row, so panels are read in file order and nothing is rearranged.
#pragma once

#include "../simd/quads.h"
#include "linear-tiling.h"

namespace {

/**
 * Sixteen rows with T tokens: scales and values from `panel` on. Both are prefetched `aheadBytes` ahead, so that together they
 * cover the next panels.
 */
template <size_t T, Prefetch kInto, class Weights>
OUTLINE void streamPanel(const Weights& weights, const uint8_t* panel, const Activations& x, size_t aheadBytes,
                         Results& results) {
  const uint8_t *scales = panel, *values = panel + weights.scaleBytes;
  const int32_t* lanes = x.lanes;
  const auto prefetch = [&](const uint8_t* p) { prefetchInto<kInto>(p + aheadBytes); };
  F16 f[T];
  UNROLL for (size_t t = 0; t < T; t++) f[t] = splat16(0.0f);
  for (size_t g = 0; g < weights.groups; g++, scales += kPanelRows * 2, values += Weights::kGroupBytes) {
    I16 sum[T];
    UNROLL for (size_t t = 0; t < T; t++) sum[t] = splat16(kHasCorrections ? x.corrections[g * T + t] : 0);
    if (g % 2 == 0) prefetch(scales);
    UNROLL for (size_t line = 0; line < Weights::kGroupBytes; line += 64) prefetch(values + line);
    weights.forQuads(values, [&](size_t quad, int reg, vi w) {
      const Quads quads = quadsOf(w);
      UNROLL for (int i = 0; i < kQuadLanes; i++) {
        const int32_t* at = lanes + (quad * kQuadLanes + i) * T;
        UNROLL for (size_t t = 0; t < T; t++) sum[t].r[reg] = dot(sum[t].r[reg], quads.part[i], splati(at[t]));
      }
    });
    lanes += kGroupQuads * kQuadLanes * T;
    const F16 ws = loadScales16(reinterpret_cast<const uint16_t*>(scales));
    UNROLL for (size_t t = 0; t < T; t++) {
      UNROLL for (int reg = 0; reg < kRegs; reg++) sum[t].r[reg] = sumOfQuads(sum[t].r[reg]);
      f[t] = f[t] + toFloat16(sum[t]) * (ws * splat16(x.scales[g * T + t]));
    }
  }
  UNROLL for (size_t t = 0; t < T; t++) results.store(t, f[t]);
}

/** Sixteen rows with all tokens of a batch, `Most` at most. */
template <size_t Most, Prefetch kInto, class Weights>
INLINE void streamPanelTokens(const Weights& weights, const uint8_t* panel, const Activations& x, size_t aheadBytes,
                              Results& results) {
  if constexpr (Most > 1) {
    if (x.rows < Most) return streamPanelTokens<Most - 1, kInto>(weights, panel, x, aheadBytes, results);
  }
  streamPanel<Most, kInto>(weights, panel, x, aheadBytes, results);
}

/** Rows of a matrix in panels, with a batch that is streamed. */
template <class Weights>
INLINE void streamPanels(const Weights& weights, Results& results, const Activations& x, const Tuning& tuning) {
  for (const size_t end = results.first + results.count; results.first < end; results.first += kPanelRows) {
    results.count = smaller(kPanelRows, end - results.first);
    withPrefetch(tuning.prefetch, [&]<Prefetch kInto>() {
      streamPanelTokens<kStreamTokens, kInto>(weights, weights.address(results.first), x, tuning.prefetchBytes, results);
    });
  }
}

}  // namespace
