// Quantized matrix times few tokens: rows are streamed in the order of the file, in which memory is read fastest.
//
// A lane is a group of one row. The product of a group is the integer sum times both scales; the products of a row are added in
// ascending order of groups. For one token the integers are summed across a register, and the products are added one by one. For
// more tokens the weights are transposed once for all of them, after which nothing is left to sum across a register; their
// products are added for sixteen rows at a time, where a lane is a row.
#pragma once

#include "../simd/across-lanes.h"
#include "linear-stream-apart.h"
#include "linear-tiling.h"

namespace {

/** How many pieces ahead several tokens prefetch into the first level, where few pieces have room, and into the second. */
constexpr size_t kAheadPieces = 4, kFarAheadPieces = 24;
/** How many scales ahead one token prefetches: those of the next rows. */
constexpr size_t kAheadScales = 512;
/** Independent sums of one dot product, so that additions do not wait for each other. */
constexpr int kChains = VEC_BYTES == 64 ? 4 : 2;

/** f + the products of a piece of sixteen rows, (16, kPieceGroups), added in ascending order of groups. */
INLINE F16 addProducts(F16 f, const float* products) {
  UNROLL for (int set = 0; set < kRegs; set++) {
    for (size_t g = 0; g < kPieceGroups; g += kLanes) {
      vf r[kLanes];
      UNROLL for (int i = 0; i < kLanes; i++) r[i] = loadAs<vf>(products + (set * kLanes + i) * kPieceGroups + g);
      transpose(r);
      UNROLL for (int i = 0; i < kLanes; i++) f.r[set] = f.r[set] + r[i];
    }
  }
  return f;
}

#if VEC_BYTES != 16  // linear-stream-apart.h has streamToken for smaller registers

/** The dot products of sixteen groups, of weights from `w` and a token's activations from `xq`, `registers` per group. */
template <Prefetch kInto, class Values>
INLINE I16 dotGroups(Values w, const Activation* xq, size_t registers, size_t aheadBytes) {
  I16 sum;
  ROLLED for (int set = 0; set < kRegs; set++) {
    vi acc[kLanes];
    ROLLED for (int i = 0; i < kLanes; i++) {
      vi s = splati(0);
      for (size_t v = 0; v < registers; v++, w = w.from(kDotWeights), xq += kDotWeights) {
        if (v * kDotWeights % 64 == 0) prefetchInto<kInto>(static_cast<const char*>(w.address()) + aheadBytes);
        s = dot(s, w.load(), loadAs<vi>(xq));
      }
      acc[i] = s;
    }
    sum.r[set] = sumRows(acc);
  }
  return sum;
}

/**
 * Sixteen rows with one token. Each product is added as soon as it is computed: the additions, which wait for each other, then
 * overlap the next products. Adding them all at the end of the rows would leave memory idle meanwhile.
 */
template <size_t Registers, Prefetch kInto, class Weights>
OUTLINE F16 streamToken(const SixteenRows<Weights>& rows, const Activations& x, size_t aheadBytes) {
  const size_t groups = x.tiling.groups, groupSize = x.tiling.groupSize;
  const size_t registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  alignas(64) float results[16], products[16];
  for (int row = 0; row < 16; row++) {
    auto [values, scales] = rows.row[row];
    const Activation* xq = reinterpret_cast<const Activation*>(x.lanes);
    float f = 0;
    for (size_t g = 0; g < groups; g += 16, values = values.from(16 * groupSize), xq += 16 * groupSize) {
      prefetchInto<kInto>(scales.address(g + kAheadScales));
      I16 sum = dotGroups<kInto>(values, xq, registers, aheadBytes);
      if (kHasCorrections) sum = sum + load16(x.corrections + g);
      store16(products, toFloat16(sum) * (scales.load(g) * load16(x.scales + g)));
      UNROLL for (int i = 0; i < 16; i++) f = f + products[i];
    }
    results[row] = f;
  }
  return load16(results);
}

#endif

/**
 * Prefetches for several tokens. Pieces of sixteen rows in turn are no single stream that a core's own prefetcher follows, so
 * every line is prefetched; and into all levels, where one token would bypass the others, because a piece waits for longer.
 */
template <Prefetch kInto>
INLINE void prefetchPiece(const void* p) {
  if (kInto == Prefetch::firstLevel) __builtin_prefetch(p);
  if (kInto == Prefetch::secondLevel || kInto == Prefetch::pageStarts) __builtin_prefetch(p, 0, 2);
}

/**
 * The products of kLanes groups of one row, from `group` on, with every token: weights from `w`, their scales `ws`. `products` is
 * (tokens, 16 rows, kPieceGroups). As many bytes of weights are prefetched from `ahead`.
 */
template <size_t Registers, Prefetch kInto, class Values>
INLINE void multiplyGroups(float* products, Values w, Values ahead, vf ws, const Activations& x, size_t group) {
  const size_t groupSize = x.tiling.groupSize, registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  vi sums[kStreamTokens];
  for (size_t v = 0; v < registers; v++) {
    vi r[kLanes];
    UNROLL for (int i = 0; i < kLanes; i++) {
      const size_t at = i * groupSize + v * kDotWeights;
      r[i] = w.from(at).load();
      if (v * kDotWeights % 64 == 0) prefetchPiece<kInto>(ahead.from(at).address());
    }
    transpose(r);
    const int32_t* lanes = x.lane(0, group, v * kLanes);
    for (size_t t = 0, index = group; t < x.rows; t++, lanes += x.pieceLanes(), index += x.tiling.groups) {
      vi chains[kChains] = {v > 0 ? sums[t] : kHasCorrections ? loadAs<vi>(x.corrections + index) : splati(0)};
      UNROLL for (int i = 0; i < kLanes; i++) {
        chains[i % kChains] = dot(chains[i % kChains], r[i], loadAs<vi>(lanes + i * kLanes));
      }
      vi s = chains[0];
      UNROLL for (int i = 1; i < kChains; i++) s = s + chains[i];
      if (v + 1 < registers) sums[t] = s;
      else storeAs(products + t * 16 * kPieceGroups, __builtin_convertvector(s, vf) * (ws * loadAs<vf>(x.scales + index)));
    }
  }
}

/** The pieces of sixteen rows, in the order in which several tokens compute them. The sixteen rows that follow come next. */
template <class Values>
struct PieceOrder {
  Values firstRow;
  const Tiling& tiling;
  /** How many pieces ahead to prefetch. */
  size_t ahead;

  /** The piece that is computed `ahead` pieces after that of this row and group. */
  INLINE Values later(size_t row, size_t group) const {
    size_t index = group / kPieceGroups * 16 + row + ahead;
    const size_t count = tiling.groups / kPieceGroups * 16, following = index < count ? 0 : 16;
    if (following != 0) index = (index - count) % count;
    return firstRow.from((following + index % 16) * tiling.cols + index / 16 * kPieceGroups * tiling.groupSize);
  }
};

/** Sixteen rows with 2 to kStreamTokens tokens. `products` has room for (tokens, 16, kPieceGroups). */
template <size_t Registers, Prefetch kInto, class Weights>
OUTLINE void streamTokens(const SixteenRows<Weights>& rows, const Activations& x, float* products, Results& results) {
  const Tiling& tiling = x.tiling;
  const PieceOrder order{rows.row[0].values, tiling, kInto == Prefetch::firstLevel ? kAheadPieces : kFarAheadPieces};
  F16 f[kStreamTokens];
  for (size_t t = 0; t < x.rows; t++) f[t] = splat16(0.0f);
  for (size_t piece = 0; piece < tiling.groups; piece += kPieceGroups) {
    for (size_t row = 0; row < 16; row++) {
      const auto values = rows.row[row].values.from(piece * tiling.groupSize);
      const auto ahead = order.later(row, piece);
      prefetchPiece<kInto>(rows.row[row].scales.address(piece + kAheadScales));
      const F16 scales = rows.row[row].scales.load(piece);
      for (int set = 0; set < kRegs; set++) {
        const size_t g = set * kLanes, at = g * tiling.groupSize;
        multiplyGroups<Registers, kInto>(products + row * kPieceGroups + g, values.from(at), ahead.from(at), scales.r[set], x, piece + g);
      }
    }
    for (size_t t = 0; t < x.rows; t++) f[t] = addProducts(f[t], products + t * 16 * kPieceGroups);
  }
  for (size_t t = 0; t < x.rows; t++) results.store(t, f[t]);
}

/** Rows of a matrix whose tiling streams this many tokens. A group has `Lanes` lanes; 0 means any number. */
template <size_t Lanes, class Weights>
INLINE void streamRows(const Weights& weights, size_t nRows, Results& results, const Activations& x, const Tuning& tuning,
                       uint8_t* own) {
  constexpr size_t kRegisters = Lanes * kLaneValues / kDotWeights;
  float* products = reinterpret_cast<float*>(own);
  for (const size_t end = results.first + results.count; results.first < end; results.first += 16) {
    results.count = smaller(16, end - results.first);
    const SixteenRows<Weights> rows(weights, nRows, results.first);
    withPrefetch(tuning.prefetch, [&]<Prefetch kInto>() {
      if (x.rows == 1) results.store(0, streamToken<kRegisters, kInto>(rows, x, tuning.prefetchBytes));
      else streamTokens<kRegisters, kInto>(rows, x, products, results);
    });
  }
}

}  // namespace
