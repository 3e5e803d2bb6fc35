// Weights of a checkpoint become panels: 8-bit values by the largest magnitude, 4-bit ones by a search for the scale.
//
// A lane is a row, as in the panels. src/reference/quantize-panels.ts is the same in plain TypeScript.
#pragma once

#include "../simd/half.h"
#include "../simd/nearest.h"
#include "convert.h"

namespace {

/** A group of sixteen rows, column by column. */
struct ColumnsOfGroup {
  float values[kPanelGroupSize][kPanelRows];
  INLINE F16 at(size_t column) const { return load16(values[column]); }
};

/** Fills the columns of a group from `rows` rows, at most sixteen, that are `stride` elements apart; other rows are zeros. */
template <class Source>
INLINE void loadColumns(ColumnsOfGroup& group, Source source, size_t rows, size_t stride) {
  alignas(64) float row[kPanelGroupSize];
  for (size_t j = 0; j < kPanelRows; j++) {
    if (j < rows) {
      store16(row, source.load(j * stride, 16));
      store16(row + 16, source.load(j * stride + 16, 16));
    } else {
      memset(row, 0, sizeof row);
    }
    for (size_t i = 0; i < kPanelGroupSize; i++) group.values[i][j] = row[i];
  }
}

/** The first weight of the largest magnitude, row by row, and the magnitude's bits. */
struct LargestWeight {
  F16 weight;
  I16 bits;
};

INLINE LargestWeight largestWeight(const ColumnsOfGroup& group) {
  LargestWeight largest{group.at(0), magnitudeBits(group.at(0))};
  for (size_t i = 1; i < kPanelGroupSize; i++) {
    const F16 weight = group.at(i);
    const I16 bits = magnitudeBits(weight);
    const I16 isLarger = bits > largest.bits;
    largest.weight = select16(isLarger, weight, largest.weight);
    largest.bits = max16(bits, largest.bits);
  }
  return largest;
}

constexpr int32_t kInfinityBits = 0x7f800000, kNanBits = 0x7fc00000;

/** Where rows are stored, and what is found on the way. */
struct PanelGroup {
  uint16_t* scales;
  uint8_t* values;
  /** Lanes of rows that exist. */
  I16 present;
  /** Bits of the largest error so far. */
  I16* most;
};

/** Notes |weight - stored|; NaN for groups with a weight that is not finite. */
INLINE void noteErrors(const PanelGroup& to, I16 errors, I16 largestBits) {
  const I16 isInfinite = largestBits > splat16(kInfinityBits - 1);
  const I16 finite = min16(errors, splat16(kInfinityBits));
  *to.most = max16(*to.most, bits16(select16(isInfinite, asFloat16(splat16(kNanBits)), asFloat16(finite))));
}

/** Stores scales of rows as float16; returns them widened. */
INLINE F16 storeScales(const PanelGroup& to, F16 scale) {
  storeHalf16(to.scales, scale, 16);
  return loadHalf16(to.scales);
}

/** 8 bits. @see docs/arithmetic.md, rule 11 */
struct Q8Quantizer {
  explicit Q8Quantizer(const Matrix&) {}

  INLINE void store(const ColumnsOfGroup& group, const PanelGroup& to) const {
    const LargestWeight largest = largestWeight(group);
    const I16 isFinite = splat16(kInfinityBits) > largest.bits;
    const F16 zero = splat16(0.0f);
    const F16 wanted = asFloat16(largest.bits) / splat16(kLargestValue);
    const F16 scale = storeScales(to, select16(isFinite, wanted, zero));
    const I16 isUsable = scale > zero;
    const F16 divisor = select16(isUsable, scale, splat16(1.0f));
    I16 errors = splat16(0);
    for (size_t quad = 0; quad < kPanelGroupSize / 4; quad++) {
      I16 word = splat16(0);
      UNROLL for (int k = 0; k < 4; k++) {
        const F16 weight = group.at(4 * quad + k);
        const I16 q = quantize16(select16(isUsable, weight, zero), divisor);
        errors = max16(errors, magnitudeBits(weight - toFloat16(q) * scale));
        word = word | ((q & splat16(0xff)) << 8 * k);
      }
      store16(reinterpret_cast<int32_t*>(to.values + 64 * quad), word);
    }
    noteErrors(to, errors, largest.bits);
  }
};

/** 4 bits. @see docs/arithmetic.md, rule 12 */
class Q4Quantizer {
 public:
  explicit Q4Quantizer(const Matrix& matrix) : nearest_(reinterpret_cast<const int8_t*>(matrix.codebook)) {
    const int8_t* codebook = reinterpret_cast<const int8_t*>(matrix.codebook);
    for (int t = -kSteps; t <= kSteps; t++) {
      const float share = (float)(127 + kStep * t);
      places_[nPlaces_++] = codebook[0] * share / kLargestValue;
      places_[nPlaces_++] = codebook[15] * share / kLargestValue;
    }
  }

  INLINE void store(const ColumnsOfGroup& group, const PanelGroup& to) const {
    const LargestWeight largest = largestWeight(group);
    const F16 scale = storeScales(to, bestScale(group, largest));
    const F16 inverse = inverseOf(scale);
    I16 errors = splat16(0);
    const auto index = [&](size_t column) {
      const F16 weight = group.at(column);
      const I16 found = nearest_.indexOf(weight * inverse);
      errors = max16(errors, magnitudeBits(weight - nearest_.at(found) * scale));
      return found;
    };
    for (size_t quad = 0; quad < kPanelGroupSize / 8; quad++) {
      I16 word = splat16(0);
      UNROLL for (int k = 0; k < 4; k++) {
        const size_t column = 4 * quad + k;
        const I16 low = index(column), high = index(column + kPanelGroupSize / 2);
        word = word | (low << 8 * k) | (high << (8 * k + 4));
      }
      store16(reinterpret_cast<int32_t*>(to.values + 64 * quad), word & to.present);
    }
    noteErrors(to, errors, largest.bits);
  }

 private:
  static constexpr int kSteps = 5, kStep = 4, kPlaces = 2 * (2 * kSteps + 1);
  /** Groups without a weight of this size are zeros, and so are those beyond what float16 scales can hold. */
  static constexpr float kSmallest = 0x1p-25f, kBeyond = 0x1p23f;
  NearestEntry nearest_;
  /** Where candidates put the largest weight. */
  float places_[kPlaces];
  int nPlaces_ = 0;

  static INLINE F16 inverseOf(F16 scale) {
    const F16 zero = splat16(0.0f), one = splat16(1.0f);
    const I16 isZero = bits16(scale) & splat16(0x7fffffff);
    const I16 isUsable = isZero > splat16(0);
    return select16(isUsable, one / select16(isUsable, scale, one), zero);
  }

  INLINE F16 bestScale(const ColumnsOfGroup& group, const LargestWeight& largest) const {
    const F16 zero = splat16(0.0f);
    const I16 isUsable =
        (largest.bits > bits16(splat16(kSmallest)) - splat16(1)) & (bits16(splat16(kBeyond)) > largest.bits);
    const F16 weight = select16(isUsable, largest.weight, splat16(1.0f));
    F16 squares = zero;
    for (size_t i = 0; i < kPanelGroupSize; i++) squares = squares + group.at(i) * group.at(i);
    F16 best = zero, scale = zero;
    for (int p = 0; p < nPlaces_; p++) {
      if (places_[p] == 0) continue;
      const F16 inverse = splat16(1.0f) / (weight / splat16(places_[p]));
      F16 products = zero, entries = zero;
      for (size_t i = 0; i < kPanelGroupSize; i++) {
        const F16 w = group.at(i);
        const F16 entry = nearest_.at(nearest_.indexOf(w * inverse));
        products = products + entry * w;
        entries = entries + entry * entry;
      }
      const F16 explained = products * products / entries;
      const I16 isBetter = explained > best;
      best = select16(isBetter, explained, best);
      scale = select16(isBetter, squares / products, scale);
    }
    return select16(isUsable, scale, zero);
  }
};

template <class Quantizer, class Source>
INLINE void quantizeRows(const QuantizePanelsArgs& args, Source source, const Worker& worker) {
  const size_t cols = args.matrix.cols, groups = cols / kPanelGroupSize;
  const bool isQ4 = args.matrix.encoding == Encoding::q4Panels;
  const size_t scaleBytes = panelScaleBytes(groups), groupBytes = panelGroupBytes(isQ4);
  const size_t panelBytes = scaleBytes + groups * groupBytes;
  const Quantizer quantizer(args.matrix);
  I16 most = splat16(0);
  forRows(worker, unitsOf(args.matrix.rows, kPanelRows), [&](size_t panel) {
    const size_t first = panel * kPanelRows, rows = smaller(kPanelRows, args.matrix.rows - first);
    uint8_t* bytes = args.panels() + panel * panelBytes;
    memset(bytes + groups * kPanelRows * 2, 0, scaleBytes - groups * kPanelRows * 2);
    const I16 present = firstLanes(rows);
    ColumnsOfGroup columns;
    for (size_t g = 0; g < groups; g++) {
      loadColumns(columns, source.from(first * cols + g * kPanelGroupSize), rows, cols);
      alignas(64) uint16_t scales[kPanelRows];
      alignas(64) uint8_t values[kPanelRows * kPanelGroupSize];
      quantizer.store(columns, {scales, values, present, &most});
      memcpy(bytes + g * sizeof scales, scales, sizeof scales);
      memcpy(bytes + scaleBytes + g * groupBytes, values, groupBytes);
    }
  });
  raiseTo(args.largest.data, maxLane(most));
}

void quantizePanels(const QuantizePanelsArgs& args, const Worker& worker) {
  withElements(args.source.data, args.dtype, [&](auto elements) {
    if (args.matrix.encoding == Encoding::q4Panels) quantizeRows<Q4Quantizer>(args, elements, worker);
    else quantizeRows<Q8Quantizer>(args, elements, worker);
  });
}

}  // namespace
