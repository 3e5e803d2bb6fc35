// Tokens times a panel of sixteen rows in scratch memory, with the activations of each token broadcast. A lane is a row.
#pragma once

#include "pack-panel.h"

namespace {

#define E(i) dot(acc.r[i], panel.r[i], x)
INLINE I16 dot16(I16 acc, I16 panel, vi x) { return EACH(E); }
#undef E

/**
 * Sweeps T tokens of the tile at `token`, of which the first `n` are in the batch, over a panel. A group has `Lanes` lanes; 0 means
 * as many as the tiling says. As many weights as the panel has, of `kAheadBits` each, are prefetched from `ahead`.
 */
template <int T, size_t Lanes, size_t kAheadBits>
OUTLINE void sweepPanel(const Activation* panel, const float* scales, const Activations& x, size_t token, size_t n,
                        Results& results, const uint8_t* ahead) {
  constexpr size_t kAheadStep = 16 * kLaneValues * kAheadBits / 8;
  const int32_t* p = reinterpret_cast<const int32_t*>(panel);
  const int32_t* lanes = x.lane(token, 0, 0);
  const size_t lanesPerGroup = Lanes != 0 ? Lanes : x.tiling.lanesPerGroup(), width = x.width;
  F16 f[T];
  UNROLL for (int t = 0; t < T; t++) f[t] = splat16(0.0f);
  for (size_t g = 0; g < x.tiling.groups; g++) {
    const size_t index = x.groupIndex(token, g);
    I16 sum[T];
    UNROLL for (int t = 0; t < T; t++) sum[t] = splat16(kHasCorrections ? x.corrections[index + t] : 0);
    SOMEWHAT_UNROLLED for (size_t k = 0; k < lanesPerGroup; k++, p += 16, lanes += width) {
      const I16 w = load16(p);
      if (kAheadBits > 0 && k * kAheadStep % 64 == 0) __builtin_prefetch(ahead + k * kAheadStep, 0, 2);
      UNROLL for (int t = 0; t < T; t++) sum[t] = dot16(sum[t], w, splati(lanes[t]));
    }
    ahead += lanesPerGroup * kAheadStep;
    const F16 ws = load16(scales + g * 16);
    UNROLL for (int t = 0; t < T; t++) f[t] = f[t] + toFloat16(sum[t]) * (ws * splat16(x.scales[index + t]));
  }
  UNROLL for (int t = 0; t < T; t++) if ((size_t)t < n) results.store(token + t, f[t]);
}

/** Sweeps all tokens over panels; the last tile prefetches the rows that follow. */
template <size_t Lanes, class Weights>
INLINE void sweepTokens(const Panels& panels, const Weights& weights, const Activations& x, Results& results) {
  for (size_t token = 0; token < x.rows; token += x.width) {
    const size_t tokens = smaller(x.width, x.rows - token);
    const bool isLast = token + tokens == x.rows;
    for (size_t i = 0; i < panels.count; i++) {
      panels.select(results, i);
      const auto sweep = [&](auto swept) {
        swept(panels.values(i), panels.scales(i), x, token, tokens, results, panels.following(weights, i));
      };
      if (!isLast) sweep(sweepPanel<kTokens, Lanes, 0>);
      else if (tokens == 1) sweep(sweepPanel<1, Lanes, Weights::kBits>);
      else if (tokens <= kTokens / 2) sweep(sweepPanel<kTokens / 2, Lanes, Weights::kBits>);
      else sweep(sweepPanel<kTokens, Lanes, Weights::kBits>);
    }
  }
}

}  // namespace
