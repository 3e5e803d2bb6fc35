// Quantized matrix times many tokens: sixteen rows are rearranged into a panel, [column / kLaneValues][row][kLaneValues],
// which every token then sweeps with its activations broadcast. A lane is a row.
#pragma once

#include "../simd/across-lanes.h"
#include "linear-shape.h"

namespace {

/** Scales of sixteen rows as [group][row]. */
INLINE void transposeScales(float* out, const RowPointers& rows, size_t groups) {
  for (int set = 0; set < 16; set += kLanes) {
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
      F16 scales[kLanes];
      UNROLL for (int i = 0; i < kLanes; i++) scales[i] = rows.scales[set + i].load16(g);
      UNROLL for (int part = 0; part < kRegs; part++) {
        vf r[kLanes];
        UNROLL for (int i = 0; i < kLanes; i++) r[i] = scales[i].r[part];
        transpose(r);
        UNROLL for (int i = 0; i < kLanes; i++) storeAs(out + (g + part * kLanes + i) * 16 + set, r[i]);
      }
    }
    for (; g < groups; g++) {
      for (int i = 0; i < kLanes; i++) out[g * 16 + set + i] = rows.scales[set + i][g];
    }
  }
}

/** `n` columns, from `column` on, of sixteen rows into a panel; n is at most what the last lane needs, padded by zeros. */
OUTLINE void packColumns(Activation* panel, const RowPointers& rows, size_t column, size_t n) {
  for (size_t k = 0; k < n; k += kDotWeights) {
    const size_t rest = n - k;
    const int lanes = rest >= (size_t)kDotWeights ? kLanes : (int)unitsOf(rest, kLaneValues);
    for (int set = 0; set < 16; set += kLanes) {
      vi r[kLanes];
      if (rest >= (size_t)kDotWeights) {
        UNROLL for (int i = 0; i < kLanes; i++) r[i] = loadWeights(rows.values[set + i] + column + k);
      } else {
        for (int i = 0; i < kLanes; i++) {
          int8_t part[kDotWeights] = {};
          memcpy(part, rows.values[set + i] + column + k, rest);
          r[i] = loadWeights(part);
        }
      }
      transpose(r);
      int32_t* to = reinterpret_cast<int32_t*>(panel) + k / kLaneValues * 16 + set;
      if (lanes == kLanes) {
        UNROLL for (int i = 0; i < kLanes; i++) storeAs(to + i * 16, r[i]);
      } else {
        for (int i = 0; i < lanes; i++) storeAs(to + i * 16, r[i]);
      }
    }
  }
}

#define E(i) dot(acc.r[i], panel.r[i], x)
INLINE I16 dot16(I16 acc, I16 panel, vi x) { return EACH(E); }
#undef E

/**
 * A panel of whole rows with T tokens of the tile at `token`, of which `n` are there. A group has `Lanes` lanes, or as
 * many as the shape says where that is 0. If `Fetch`, a panel's bytes are fetched from `ahead`.
 */
template <int T, size_t Lanes, bool Fetch>
OUTLINE void sweepRows(const Activation* panel, const float* scales, const Activations& x, size_t token, size_t n, Rows& rows,
               const int8_t* ahead) {
  const int32_t* p = reinterpret_cast<const int32_t*>(panel);
  const int32_t* lanes = x.lane(token, 0, 0);
  const size_t lanesPerGroup = Lanes != 0 ? Lanes : x.shape.lanesPerGroup(), width = x.width;
  F16 f[T];
  UNROLL for (int t = 0; t < T; t++) f[t] = splat16(0.0f);
  for (size_t g = 0; g < x.shape.groups; g++) {
    const size_t index = x.groupIndex(token, g);
    I16 sum[T];
    UNROLL for (int t = 0; t < T; t++) sum[t] = splat16(kWeightBias == 0 ? 0 : x.corrections[index + t]);
    SOMEWHAT_UNROLLED for (size_t k = 0; k < lanesPerGroup; k++, p += 16, lanes += width) {
      const I16 w = load16(p);
      if (Fetch && k * 16 * kLaneValues % 64 == 0) __builtin_prefetch(ahead + k * 16 * kLaneValues, 0, 2);
      UNROLL for (int t = 0; t < T; t++) sum[t] = dot16(sum[t], w, splati(lanes[t]));
    }
    ahead += lanesPerGroup * 16 * kLaneValues;
    const F16 ws = load16(scales + g * 16);
    UNROLL for (int t = 0; t < T; t++) f[t] = f[t] + toFloat16(sum[t]) * (ws * splat16(x.scales[index + t]));
  }
  UNROLL for (int t = 0; t < T; t++) if ((size_t)t < n) rows.store(token + t, f[t]);
}

/** Panels of up to kMaxPanels * 16 rows with any number of tokens; the last tile fetches the rows that follow. */
template <size_t Lanes>
INLINE void sweepPanels(const Matrix& weight, Rows& rows, const Activations& x, uint8_t* own) {
  const Shape& shape = x.shape;
  const size_t begin = rows.first, end = begin + rows.count, panels = unitsOf(rows.count, 16);
  const auto packedScales = [&](size_t panel) { return reinterpret_cast<float*>(own + panel * shape.packedBytes()); };
  const auto panelOf = [&](size_t panel) {
    return reinterpret_cast<Activation*>(own + panel * shape.packedBytes() + shape.scaleBytes());
  };
  for (size_t i = 0; i < panels; i++) {
    const RowPointers pointers(weight, begin + i * 16);
    transposeScales(packedScales(i), pointers, shape.groups);
    for (size_t g = 0; g < shape.groups; g += shape.chunkGroups) {
      const size_t columns = smaller(shape.chunkGroups, shape.groups - g) * weight.groupSize;
      packColumns(panelOf(i) + g * shape.paddedGroup * 16, pointers, g * weight.groupSize, columns);
    }
  }
  for (size_t token = 0; token < x.rows; token += x.width) {
    const size_t tokens = smaller(x.width, x.rows - token);
    const bool isLast = token + tokens == x.rows;
    for (size_t i = 0; i < panels; i++) {
      const int8_t* ahead = weight.bytes() + (end + i * 16) * weight.cols;
      rows.first = begin + i * 16;
      rows.count = smaller(16, end - rows.first);
      const auto sweep = [&](auto rowsSwept) { rowsSwept(panelOf(i), packedScales(i), x, token, tokens, rows, ahead); };
      if (!isLast) sweep(sweepRows<kTokens, Lanes, false>);
      else if (tokens == 1) sweep(sweepRows<1, Lanes, true>);
      else if (tokens <= kTokens / 2) sweep(sweepRows<kTokens / 2, Lanes, true>);
      else sweep(sweepRows<kTokens, Lanes, true>);
    }
  }
}

}  // namespace
