// Quantized matrix times tokens: acc = acc + f32(isum) * (weight scale * activation scale), groups in ascending order.
//
// Sixteen rows are computed at a time, one float lane per row. For one token the rows are streamed as they lie in the
// file, one after the other, and their products transposed and added. For more they are first rearranged into a panel,
// [column / kLaneValues][row][kLaneValues], which every token then sweeps with its activations broadcast: group by
// group for few tokens, so that memory keeps streaming; whole rows at once for many.
#pragma once

#include "linear-shape.h"
#include "quantize.h"

namespace {

/** Scales of sixteen rows as [group][row]. `rowOf(i)` is clamped to the last row, so nothing is read past it. */
template <class RowOf>
INLINE void transposeScales(float* out, const float* scales, size_t groups, RowOf rowOf) {
  for (int set = 0; set < 16; set += kLanes) {
    size_t g = 0;
    for (; g + kLanes <= groups; g += kLanes) {
      vf r[kLanes];
      UNROLL for (int i = 0; i < kLanes; i++) r[i] = loadAs<vf>(scales + rowOf(set + i) * groups + g);
      transpose(r);
      UNROLL for (int i = 0; i < kLanes; i++) storeAs(out + (g + i) * 16 + set, r[i]);
    }
    for (; g < groups; g++) {
      for (int i = 0; i < kLanes; i++) out[g * 16 + set + i] = scales[rowOf(set + i) * groups + g];
    }
  }
}

/** `n` columns, from `column` on, of sixteen rows into a panel; n is at most what the last lane needs, padded by zeros. */
template <class RowOf>
INLINE void packColumns(Activation* panel, const Matrix& weight, size_t column, size_t n, RowOf rowOf) {
  const int8_t* values = weight.bytes() + column;
  for (size_t k = 0; k < n; k += kDotWeights) {
    const size_t rest = n - k;
    const int lanes = rest >= (size_t)kDotWeights ? kLanes : (int)unitsOf(rest, kLaneValues);
    for (int set = 0; set < 16; set += kLanes) {
      vi r[kLanes];
      if (rest >= (size_t)kDotWeights) {
        UNROLL for (int i = 0; i < kLanes; i++) {
          const int8_t* row = values + rowOf(set + i) * weight.cols + k;
          r[i] = loadWeights(row);
          __builtin_prefetch(row + 16 * weight.cols);
        }
      } else {
        for (int i = 0; i < kLanes; i++) {
          int8_t part[kDotWeights] = {};
          memcpy(part, values + rowOf(set + i) * weight.cols + k, rest);
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

/** f[token] += `groups` groups, from `group` on, of sixteen rows with the first T tokens of the tile at `token`. */
template <int T>
INLINE void sweep(F16* f, const Activation* panel, const float* scales, const Activations& x, size_t token,
                  size_t group, size_t groups) {
  const int32_t* p = reinterpret_cast<const int32_t*>(panel);
  const int32_t* lanes = x.groupLanes(token, group);
  const size_t lanesPerGroup = x.lanesPerGroup(), width = x.width;
  for (size_t g = group; g < group + groups; g++) {
    const size_t index = x.groupIndex(token, g);
    I16 sum[T];
    UNROLL for (int t = 0; t < T; t++) sum[t] = splat16(kWeightBias == 0 ? 0 : x.corrections[index + t]);
    for (size_t k = 0; k < lanesPerGroup; k++, p += 16, lanes += width) {
      const I16 w = load16(p);
      UNROLL for (int t = 0; t < T; t++) sum[t] = dot16(sum[t], w, splati(lanes[t]));
    }
    const F16 ws = load16(scales + g * 16);
    UNROLL for (int t = 0; t < T; t++) f[t] = f[t] + toFloat16(sum[t]) * (ws * splat16(x.scales[index + t]));
  }
}

/** Where results of sixteen rows go, and whether all were finite. */
struct Rows {
  float* out;
  size_t stride, first, count;
  I16 overflowed = splat16(0);

  INLINE void store(size_t token, F16 f) {
    storeUpTo16(out + token * stride + first, f, count);
    overflowed = overflowed | ((bits16(f) & splat16(0x7fffffff)) > splat16(0x7f7fffff));
  }
};

/** T tokens, from `token` on, over a panel of whole rows. */
template <int T>
void sweepRows(const Activation* panel, const float* scales, const Activations& x, size_t token, size_t n, Rows& rows) {
  F16 f[T];
  UNROLL for (int t = 0; t < T; t++) f[t] = splat16(0.0f);
  sweep<T>(f, panel, scales, x, token, 0, x.shape.groups);
  UNROLL for (int t = 0; t < T; t++) if ((size_t)t < n) rows.store(token + t, f[t]);
}

/** As sweepRows for all of at most T tokens, but packing chunk by chunk as the rows stream in. */
template <int T>
void streamTokens(Activation* chunk, const float* scales, const Matrix& weight, const Activations& x, Rows& rows) {
  const Shape& shape = x.shape;
  const size_t last = weight.rows - 1, first = rows.first;
  F16 f[T];
  UNROLL for (int t = 0; t < T; t++) f[t] = splat16(0.0f);
  for (size_t g = 0; g < shape.groups; g += shape.chunkGroups) {
    const size_t groups = smaller(shape.chunkGroups, shape.groups - g);
    packColumns(chunk, weight, g * weight.groupSize, groups * weight.groupSize,
                [&](int i) { return smaller(first + i, last); });
    sweep<T>(f, chunk, scales, x, 0, g, groups);
  }
  UNROLL for (int t = 0; t < T; t++) if ((size_t)t < x.rows) rows.store(t, f[t]);
}

/** Bytes ahead of those at work that are fetched from memory. */
constexpr size_t kAheadBytes = 3072;

/** Whether the rows of a matrix can be streamed for one token: whole registers a group, sixteen groups at a time. */
INLINE bool isStreamable(const Matrix& weight) {
  return weight.groupSize % kDotWeights == 0 && weight.cols / weight.groupSize % 16 == 0;
}

/** Sixteen dot products: of the groups that begin at `w` with the token's at `xq`, `registers` to a group. */
INLINE I16 dotGroups(const int8_t* w, const Activation* xq, size_t registers) {
  I16 sum;
  ROLLED for (int set = 0; set < kRegs; set++) {
    vi acc[kLanes];
    ROLLED for (int i = 0; i < kLanes; i++) {
      vi s = splati(0);
      for (size_t v = 0; v < registers; v++, w += kDotWeights, xq += kDotWeights) {
        if (v * kDotWeights % 64 == 0) __builtin_prefetch(w + kAheadBytes);
        s = dot(s, loadWeights(w), loadAs<vi>(xq));
      }
      acc[i] = s;
    }
    sum.r[set] = sumRows(acc);
  }
  return sum;
}

/**
 * Sixteen rows with one token, straight from the file and in its order, which is what memory is fastest at: a lane is
 * first a group, and then, when all products are there, a row. `products` has room for (16, groups).
 */
template <size_t Registers>
INLINE F16 streamToken(const int8_t* values, const float* scales, const Activations& x, float* products) {
  const size_t groups = x.shape.groups, groupSize = x.shape.groupSize;
  const size_t registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  for (int row = 0; row < 16; row++) {
    const Activation* xq = reinterpret_cast<const Activation*>(x.lanes);
    for (size_t g = 0; g < groups; g += 16, values += 16 * groupSize, xq += 16 * groupSize) {
      I16 sum = dotGroups(values, xq, registers);
      if (kWeightBias != 0) sum = sum + load16(x.corrections + g);
      const size_t at = row * groups + g;
      store16(products + at, toFloat16(sum) * (load16(scales + at) * load16(x.scales + g)));
    }
  }
  F16 f = splat16(0.0f);
  UNROLL for (int set = 0; set < kRegs; set++) {
    for (size_t g = 0; g < groups; g += kLanes) {
      vf r[kLanes];
      UNROLL for (int i = 0; i < kLanes; i++) r[i] = loadAs<vf>(products + (set * kLanes + i) * groups + g);
      transpose(r);
      UNROLL for (int i = 0; i < kLanes; i++) f.r[set] = f.r[set] + r[i];
    }
  }
  return f;
}

/** Sixteen rows with at most a tile of tokens. `own` is this thread's scratch. */
INLINE void streamRows(const Matrix& weight, Rows& rows, const Activations& x, uint8_t* own) {
  const Shape& shape = x.shape;
  float* scales = reinterpret_cast<float*>(own);
  Activation* chunk = reinterpret_cast<Activation*>(own + shape.scaleBytes());
  const size_t first = rows.first, last = weight.rows - 1;
  if (x.width == 1 && rows.count == 16 && isStreamable(weight)) {
    const int8_t* values = weight.bytes() + first * weight.cols;
    const float* rowScales = weight.scales.data + first * shape.groups;
    constexpr size_t kUsual = 64 / kDotWeights;  // the group size that files have unless asked otherwise
    return rows.store(0, weight.groupSize == 64 ? streamToken<kUsual>(values, rowScales, x, scales)
                                                : streamToken<0>(values, rowScales, x, scales));
  }
  transposeScales(scales, weight.scales.data, shape.groups, [&](int i) { return smaller(first + i, last); });
  if (x.width == 1) return streamTokens<1>(chunk, scales, weight, x, rows);
  if constexpr (kTokens > 2) if (x.width == 2) return streamTokens<2>(chunk, scales, weight, x, rows);
  if constexpr (kTokens > 4) if (x.width == 4) return streamTokens<4>(chunk, scales, weight, x, rows);
  if constexpr (kTokens > 8) if (x.width == 8) return streamTokens<8>(chunk, scales, weight, x, rows);
  streamTokens<kTokens>(chunk, scales, weight, x, rows);
}

/** Panels of up to kPanels * 16 rows with any number of tokens. */
INLINE void sweepPanels(const Matrix& weight, Rows& rows, const Activations& x, uint8_t* own) {
  const Shape& shape = x.shape;
  const size_t begin = rows.first, end = begin + rows.count, panels = unitsOf(rows.count, 16), last = weight.rows - 1;
  const auto scalesOf = [&](size_t panel) { return reinterpret_cast<float*>(own + panel * shape.packedBytes()); };
  const auto panelOf = [&](size_t panel) {
    return reinterpret_cast<Activation*>(own + panel * shape.packedBytes() + shape.scaleBytes());
  };
  for (size_t i = 0; i < panels; i++) {
    const auto rowOf = [&](int row) { return smaller(begin + i * 16 + row, last); };
    transposeScales(scalesOf(i), weight.scales.data, shape.groups, rowOf);
    for (size_t g = 0; g < shape.groups; g += shape.chunkGroups) {
      const size_t columns = smaller(shape.chunkGroups, shape.groups - g) * weight.groupSize;
      packColumns(panelOf(i) + g * shape.paddedGroup * 16, weight, g * weight.groupSize, columns, rowOf);
    }
  }
  // Rows that follow are fetched while these are computed, a slice with each sweep.
  const char* next = reinterpret_cast<const char*>(weight.bytes() + end * weight.cols);
  const size_t slice = unitsOf(smaller(rows.count, weight.rows - end) * weight.cols, unitsOf(x.rows, kTokens) * panels);
  for (size_t token = 0; token < x.rows; token += kTokens) {
    const size_t tokens = smaller(kTokens, x.rows - token);
    for (size_t i = 0; i < panels; i++, next += slice) {
      for (size_t byte = 0; byte < slice; byte += 64) __builtin_prefetch(next + byte, 0, 2);
      rows.first = begin + i * 16;
      rows.count = smaller(16, end - rows.first);
      if (tokens > kTokens / 2) sweepRows<kTokens>(panelOf(i), scalesOf(i), x, token, tokens, rows);
      else sweepRows<kTokens / 2>(panelOf(i), scalesOf(i), x, token, tokens, rows);
    }
  }
}

}  // namespace
