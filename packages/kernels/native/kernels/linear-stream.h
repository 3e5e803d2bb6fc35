// Quantized matrix times few tokens: rows are streamed as they lie in the file, which is what memory is fastest at.
//
// A lane is a group of one row; its product is the integer sum times the scales. The products of a row are added in ascending
// order of groups: with one token one by one, with more when those of sixteen rows are there, a lane being a row then. One token's
// integers are summed across their register. More tokens share a transposition of the weights, after which nothing is left to
// sum; their activations lie in the order it gives.
#pragma once

#include "../simd/across-lanes.h"
#include "fetch-once.h"
#include "linear-shape.h"

namespace {

/** Pieces of rows that several tokens, which take longer than one, fetch ahead of their use. */
constexpr size_t kAheadPieces = 4;
/** Scales that are fetched ahead, for one token: those of the next rows. */
constexpr size_t kAheadScales = 512;
/** Sums of one dot product that do not wait for each other. */
constexpr int kChains = VEC_BYTES == 64 ? 4 : 2;

/** f + the products of a piece of sixteen rows, (16, kPieceGroups), groups in ascending order. */
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

/** Sixteen dot products: of the groups that begin at `w` with the token's at `xq`, `registers` to a group. */
INLINE I16 dotGroups(const int8_t* w, const Activation* xq, size_t registers) {
  I16 sum;
  ROLLED for (int set = 0; set < kRegs; set++) {
    vi acc[kLanes];
    ROLLED for (int i = 0; i < kLanes; i++) {
      vi s = splati(0);
      for (size_t v = 0; v < registers; v++, w += kDotWeights, xq += kDotWeights) {
        if (v * kDotWeights % 64 == 0) fetchOnce(w + kAheadBytes);
        s = dot(s, loadWeights(w), loadAs<vi>(xq));
      }
      acc[i] = s;
    }
    sum.r[set] = sumRows(acc);
  }
  return sum;
}

/**
 * Sixteen rows with one token. Products are added one by one as soon as they are there: the additions, which wait for each
 * other, run beside the next products, whereas a block of them at the end of the rows would leave memory idle.
 */
template <size_t Registers, bool AreMaxima>
OUTLINE F16 streamToken(const RowPointers& rows, const Activations& x) {
  const size_t groups = x.shape.groups, groupSize = x.shape.groupSize;
  const size_t registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  alignas(64) float results[16], products[16];
  for (int row = 0; row < 16; row++) {
    const int8_t* values = rows.values[row];
    const Scales scales = {rows.scales[row].data, AreMaxima};
    const Activation* xq = reinterpret_cast<const Activation*>(x.lanes);
    float f = 0;
    for (size_t g = 0; g < groups; g += 16, values += 16 * groupSize, xq += 16 * groupSize) {
      fetchOnce(scales.at(g + kAheadScales));
      I16 sum = dotGroups(values, xq, registers);
      if (kWeightBias != 0) sum = sum + load16(x.corrections + g);
      store16(products, toFloat16(sum) * (scales.load16(g) * load16(x.scales + g)));
      UNROLL for (int i = 0; i < 16; i++) f = f + products[i];
    }
    results[row] = f;
  }
  return load16(results);
}

/**
 * The products of kLanes groups, from `group` on, of one row with every token: weights at `w`, their scales `ws`, and
 * `products` as streamTokens has them. As many bytes are fetched from `ahead`.
 */
template <size_t Registers>
INLINE void multiplyGroups(float* products, const int8_t* w, const int8_t* ahead, vf ws,
                           const Activations& x, size_t group) {
  const size_t groupSize = x.shape.groupSize, registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  vi sums[kStreamTokens];
  for (size_t v = 0; v < registers; v++) {
    vi r[kLanes];
    UNROLL for (int i = 0; i < kLanes; i++) {
      const size_t at = i * groupSize + v * kDotWeights;
      r[i] = loadWeights(w + at);
      if (v * kDotWeights % 64 == 0) __builtin_prefetch(ahead + at);
    }
    transpose(r);
    const int32_t* lanes = x.lane(0, group, v * kLanes);
    for (size_t t = 0, index = group; t < x.rows; t++, lanes += x.pieceLanes(), index += x.shape.groups) {
      vi chains[kChains] = {v > 0 ? sums[t] : kWeightBias != 0 ? loadAs<vi>(x.corrections + index) : splati(0)};
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

/** What is computed kAheadPieces pieces after this one of sixteen rows; their last is followed by the rows below. */
INLINE const int8_t* pieceAhead(const RowPointers& rows, const Shape& shape, size_t piece, size_t row) {
  const size_t later = row + kAheadPieces, following = piece + kPieceGroups;
  const auto at = [&](size_t r, size_t group) { return rows.values[0] + r * shape.cols + group * shape.groupSize; };
  if (later < 16) return at(later, piece);
  return following < shape.groups ? at(later - 16, following) : at(later, 0);
}

/** Sixteen rows with 2 to kStreamTokens tokens. `products` has room for (tokens, 16, kPieceGroups). */
template <size_t Registers>
OUTLINE void streamTokens(const RowPointers& rows, const Activations& x, float* products, Rows& results) {
  const Shape& shape = x.shape;
  F16 f[kStreamTokens];
  for (size_t t = 0; t < x.rows; t++) f[t] = splat16(0.0f);
  for (size_t piece = 0; piece < shape.groups; piece += kPieceGroups) {
    for (size_t row = 0; row < 16; row++) {
      const int8_t* values = rows.values[row] + piece * shape.groupSize;
      const int8_t* ahead = pieceAhead(rows, shape, piece, row);
      const F16 scales = rows.scales[row].load16(piece);
      for (int set = 0; set < kRegs; set++) {
        const size_t g = set * kLanes, at = g * shape.groupSize;
        multiplyGroups<Registers>(products + row * kPieceGroups + g, values + at, ahead + at, scales.r[set], x, piece + g);
      }
    }
    for (size_t t = 0; t < x.rows; t++) f[t] = addProducts(f[t], products + t * 16 * kPieceGroups);
  }
  for (size_t t = 0; t < x.rows; t++) results.store(t, f[t]);
}

/** Rows of a streamable matrix with at most kStreamTokens tokens. `Lanes`: of a group, or 0 for any number. */
template <size_t Lanes>
INLINE void streamRows(const Matrix& weight, Rows& rows, const Activations& x, uint8_t* own) {
  constexpr size_t kRegisters = Lanes * kLaneValues / kDotWeights;
  float* products = reinterpret_cast<float*>(own);
  for (const size_t end = rows.first + rows.count; rows.first < end; rows.first += 16) {
    rows.count = smaller(16, end - rows.first);
    const RowPointers pointers(weight, rows.first);
    if (x.rows == 1 && weight.hasMaxima) rows.store(0, streamToken<kRegisters, true>(pointers, x));
    else if (x.rows == 1) rows.store(0, streamToken<kRegisters, false>(pointers, x));
    else streamTokens<kRegisters>(pointers, x, products, rows);
  }
}

}  // namespace
