// Panels of sixteen rows in scratch memory, [column / kLaneValues][row][kLaneValues], with float32 scales as [group][row]: rows are
// rearranged into one, and a panel of a file is unpacked.
#pragma once

#include "../simd/across-lanes.h"
#include "../simd/quads.h"
#include "linear-tiling.h"

namespace {

/** Writes the scales of sixteen rows as [group][row]. */
template <class Weights>
INLINE void transposeScales(float* out, const SixteenRows<Weights>& rows, size_t groups) {
  for (int set = 0; set < 16; set += kLanes) {
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
      F16 scales[kLanes];
      UNROLL for (int i = 0; i < kLanes; i++) scales[i] = rows.row[set + i].scales.load(g);
      UNROLL for (int reg = 0; reg < kRegs; reg++) {
        vf r[kLanes];
        UNROLL for (int i = 0; i < kLanes; i++) r[i] = scales[i].r[reg];
        transpose(r);
        UNROLL for (int i = 0; i < kLanes; i++) storeAs(out + (g + reg * kLanes + i) * 16 + set, r[i]);
      }
    }
    for (; g < groups; g++) {
      for (int i = 0; i < kLanes; i++) out[g * 16 + set + i] = rows.row[set + i].scales.at(g);
    }
  }
}

/** Rearranges `n` columns of sixteen rows, from `column` on, into a panel. The last lane is padded with zeros. */
template <class Weights>
OUTLINE void packColumns(Activation* panel, const SixteenRows<Weights>& rows, size_t column, size_t n) {
  for (size_t k = 0; k < n; k += kDotWeights) {
    const size_t rest = n - k;
    const int lanes = rest >= (size_t)kDotWeights ? kLanes : (int)unitsOf(rest, kLaneValues);
    for (int set = 0; set < 16; set += kLanes) {
      vi r[kLanes];
      if (rest >= (size_t)kDotWeights) {
        UNROLL for (int i = 0; i < kLanes; i++) r[i] = inPanel(rows.row[set + i].values.from(column + k).load());
      } else {
        for (int i = 0; i < kLanes; i++) r[i] = inPanel(rows.row[set + i].values.from(column + k).loadPart(rest));
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

/** Widens the weights and scales of a panel of a file. */
template <class Weights>
OUTLINE void unpackPanel(Activation* panel, float* scales, const Weights& weights, size_t row) {
  const uint8_t *halves = weights.address(row), *values = halves + weights.scaleBytes;
  int32_t* to = reinterpret_cast<int32_t*>(panel);
  for (size_t g = 0; g < weights.groups; g++) {
    store16(scales + g * 16, loadScales16(reinterpret_cast<const uint16_t*>(halves + g * kPanelRows * 2)));
    weights.forQuads(values + g * Weights::kGroupBytes, [&](size_t quad, int reg, vi w) {
      const Quads quads = inColumnOrder(inPanel(w));
      int32_t* at = to + (g * kGroupQuads + quad) * kQuadLanes * 16 + reg * kLanes;
      UNROLL for (int i = 0; i < kQuadLanes; i++) storeAs(at + i * 16, quads.part[i]);
    });
  }
}

/** The panel of sixteen rows from `first` on, of a matrix of `nRows`. */
template <class Weights>
INLINE void packPanel(Activation* panel, float* scales, const Weights& weights, size_t nRows, size_t first, const Tiling& tiling) {
  if constexpr (Weights::kIsInPanels) {
    unpackPanel(panel, scales, weights, first);
  } else {
    const SixteenRows<Weights> rows(weights, nRows, first);
    transposeScales(scales, rows, tiling.groups);
    for (size_t g = 0; g < tiling.groups; g += tiling.chunkGroups) {
      const size_t columns = smaller(tiling.chunkGroups, tiling.groups - g) * tiling.groupSize;
      packColumns(panel + g * tiling.paddedGroup * 16, rows, g * tiling.groupSize, columns);
    }
  }
}

}  // namespace
