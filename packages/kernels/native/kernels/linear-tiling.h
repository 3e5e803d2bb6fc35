// How a linear layer with quantized activations is cut up: tiles of tokens, panels of rows, scratch, quantized activations.
//
// For each output, groups in ascending order: acc = acc + f32(isum) * (weight scale * activation scale). Sixteen rows are computed
// at a time, with one float lane per row: few tokens as in linear-stream.h and linear-panel-stream.h, more as in linear-panel.h.
#pragma once

#include "../simd/dot.h"
#include "prefetch.h"
#include "quantize.h"
#include "weights.h"

namespace {

/**
 * kTokens: tokens that share a load of a panel, as many as leave accumulators, weights and a broadcast in registers.
 * kStreamTokens: the most tokens for which rows can be streamed instead of rearranged; Tuning may choose fewer.
 */
#if defined(KERNELS_AMX)
constexpr size_t kTokens = 16;  // rows of a tile register
constexpr size_t kStreamTokens = 8;
#elif VEC_BYTES == 64
constexpr size_t kTokens = 12;  // of 32 registers
constexpr size_t kStreamTokens = kLaneValues == 4 ? 8 : 4;
#elif VEC_BYTES == 32
constexpr size_t kTokens = 4;  // two registers each, of 16
constexpr size_t kStreamTokens = 2;
#else
constexpr size_t kTokens = 2;  // four registers each, of 16
constexpr size_t kStreamTokens = kLaneValues == 4 ? 2 : 1;
#endif

#if defined(KERNELS_AMX)
/** Whether each token of a tile has the lanes of a group side by side, instead of each lane those of the tokens. */
constexpr bool kTokensAreRows = true;
/** The most tokens whose partial sums lie in scratch memory; a multiple of kTokens. */
constexpr size_t kSweptTokens = 128;
/** Panels in scratch memory have weights as they are: tiles multiply signed bytes. */
INLINE vi inPanel(vi w) { return biased(w); }
#else
constexpr bool kTokensAreRows = false;
constexpr size_t kSweptTokens = 0;
INLINE vi inPanel(vi w) { return w; }
#endif

/** Groups of a piece of a row. Rows are streamed piece by piece, so that the activations stay in the first-level cache. */
constexpr size_t kPieceGroups = 16;

constexpr size_t kPanelsBytes = 320 * 1024;
constexpr size_t kMaxPanels = 4;
/** Lanes of a group of 64, the default group size. The compiler knows this count, which makes the loop over a group faster. */
constexpr size_t kUsualLanes = 64 / kLaneValues;

/** The choices for a core that is not listed: src/tuning.ts. */
constexpr Tuning kDefaultTuning = {
    .prefetch = Prefetch::firstLevel,
    .prefetchBytes = 8192,
    .streamTokens = kStreamTokens,
    .shareBytes = (VEC_BYTES == 64 ? 512 : 128) * 1024,
    .spins = kSpins,
};

/** Groups and panels of a matrix of `cols` columns. */
struct Tiling {
  size_t cols, groupSize, groups;
  /** Values of a group, and of a row, with zeros up to whole lanes. */
  size_t paddedGroup, paddedCols;
  /** Groups that are packed together: small groups without padding, as many as fill a register. */
  size_t chunkGroups;
  /** The most tokens for which rows are streamed. */
  size_t streamTokens;
  /** Whether the weights lie in panels. */
  bool isInPanels;

  Tiling(const Matrix& weight, const Tuning& tuning)
      : cols(weight.cols),
        groupSize(weight.groupSize),
        groups(weight.cols / weight.groupSize),
        streamTokens(tuning.streamTokens),
        isInPanels(weight.isInPanels()) {
    paddedGroup = (groupSize + kLaneValues - 1) / kLaneValues * kLaneValues;
    paddedCols = groups * paddedGroup;
    const size_t registerGroups = (size_t)kDotWeights / groupSize;
    chunkGroups = paddedGroup != groupSize || registerGroups == 0 ? 1 : registerGroups;
  }
  size_t lanesPerGroup() const { return paddedGroup / kLaneValues; }
  /** Whether weights are streamed for this many tokens. Of rows a group must be whole registers, and a row whole pieces. */
  bool isStreamed(size_t tokens) const {
    return tokens <= streamTokens && (isInPanels || (groupSize % kDotWeights == 0 && groups % kPieceGroups == 0));
  }
  size_t scaleBytes() const { return aligned(groups * 16 * sizeof(float)); }
  /** Bytes of a panel: scales and weights of sixteen rows. */
  size_t packedBytes() const { return scaleBytes() + panelBytes(); }
  /** Panels that fit the second-level cache together while tokens sweep over them. */
  size_t panels() const {
    const size_t fitting = kPanelsBytes / packedBytes();
    return fitting < 1 ? 1 : smaller(fitting, kMaxPanels);
  }
  /** Scratch bytes of one thread for this many tokens. */
  size_t threadBytes(size_t tokens) const {
    if (!isStreamed(tokens)) return panels() * (packedBytes() + partialTokens(tokens) * 16 * sizeof(float));
    return isInPanels || tokens == 1 ? 0 : tokens * 16 * kPieceGroups * sizeof(float);
  }

 private:
  /** Whole tiles of tokens with partial sums. */
  size_t partialTokens(size_t tokens) const { return smaller(unitsOf(tokens, kTokens) * kTokens, kSweptTokens); }
  size_t panelBytes() const { return aligned(paddedCols * 16 * sizeof(Activation)); }
};

/**
 * A batch of quantized activations in the scratch memory that threads share. Each kernel reads one of these orders as a single
 * stream: for panels, tiles of `width` tokens side by side, lane by lane, or with AMX group by group and token by token; for one token that streams rows, its own order; for
 * several of them, piece by piece, token by token, with kLanes groups side by side, lane by lane. Tokens that stream panels are one
 * tile, in which the four activations of a quad have the order of `quadsOf`.
 */
struct Activations {
  Tiling tiling;
  /** Tokens of the batch, and of a tile. */
  size_t rows, width;
  /** Groups of a token that lie side by side. */
  size_t groupsAside;
  /** (tiles, paddedCols / kLaneValues, width), or (tiles, groups, width, lanes of a group), or (pieces, tokens, groups / kLanes, lanes of a group, kLanes), of kLaneValues values each */
  int32_t* lanes;
  /** (tiles, groups, width) */
  float* scales;
  /** (tiles, groups, width): the sum of `correctionOf` the group's values */
  int32_t* corrections;

  Activations(const LinearArgs& args, const Tuning& tuning, uint8_t* memory)
      : tiling(args.first, tuning), rows(args.rows()), width(tileTokens()) {
    groupsAside = tiling.isStreamed(rows) && !tiling.isInPanels && rows > 1 ? kLanes : 1;
    lanes = reinterpret_cast<int32_t*>(memory);
    scales = reinterpret_cast<float*>(memory + valueBytes());
    corrections = reinterpret_cast<int32_t*>(memory + valueBytes() + groupBytes());
  }
  bool areInQuads() const { return tiling.isInPanels && tiling.isStreamed(rows); }
  size_t bytes() const { return valueBytes() + 2 * groupBytes(); }
  /** Index of a token's group in `scales` and `corrections`. */
  size_t groupIndex(size_t token, size_t group) const {
    return (token / width * tiling.groups + group) * width + token % width;
  }
  /** Address of lane k of a token's group; the next lane is lanesApart() further. */
  int32_t* lane(size_t token, size_t group, size_t k) const {
    const size_t aside = group % groupsAside * width + token % width * (areTokensRows() ? tiling.lanesPerGroup() : 1);
    return lanes + groupsBefore(token, group - group % groupsAside) * tiling.lanesPerGroup() * width + k * lanesApart() + aside;
  }
  size_t lanesApart() const { return areTokensRows() ? 1 : width * groupsAside; }
  /** Lanes of one token in a piece. The same piece of the next token follows. */
  size_t pieceLanes() const { return kPieceGroups * tiling.lanesPerGroup(); }

 private:
  bool areTokensRows() const { return kTokensAreRows && !tiling.isStreamed(rows); }
  size_t groupsBefore(size_t token, size_t group) const {
    if (groupsAside == 1) return token / width * tiling.groups + group;
    const size_t within = group % kPieceGroups;
    return (group - within) * rows + token * kPieceGroups + within;
  }
  size_t tileTokens() const {
    if (areInQuads()) return rows;
    if (tiling.isStreamed(rows)) return 1;
    if (kTokensAreRows) return kTokens;
    if (rows == 1) return 1;
    return rows <= kTokens / 2 ? kTokens / 2 : kTokens;
  }
  /** Tokens of all tiles. The last tile may hold fewer than it has room for. */
  size_t paddedRows() const { return unitsOf(rows, width) * width; }
  size_t valueBytes() const { return aligned(paddedRows() * tiling.paddedCols * sizeof(Activation)); }
  size_t groupBytes() const { return aligned(paddedRows() * tiling.groups * sizeof(float)); }
};

/** Sixteen rows of a matrix. After the last row of the matrix comes the last again, so that nothing is read past the end. */
template <class Weights>
struct SixteenRows {
  typename Weights::Row row[16];

  SixteenRows(const Weights& weights, size_t nRows, size_t first) {
    for (size_t i = 0; i < 16; i++) row[i] = weights.row(smaller(first + i, nRows - 1));
  }
};

/** Where the results of sixteen rows are written, and whether all were finite. */
struct Results {
  float* out;
  size_t stride, first, count;
  I16 overflowed = splat16(0);

  INLINE void store(size_t token, F16 f) {
    storeUpTo16(out + token * stride + first, f, count);
    const I16 isOverflowed = (bits16(f) & splat16(0x7fffffff)) > splat16(0x7f7fffff);
    overflowed = overflowed | (isOverflowed & firstLanes(count));
  }
};

/** Panels of consecutive rows in the scratch memory of a thread. */
struct Panels {
  /** The rows [first, end), and their panels. */
  size_t first, end, count;

  Panels(const Tiling& tiling, const Results& results, uint8_t* memory)
      : first(results.first),
        end(first + results.count),
        count(unitsOf(results.count, 16)),
        memory_(memory),
        panelBytes_(tiling.packedBytes()),
        scaleBytes_(tiling.scaleBytes()),
        allBytes_(tiling.panels() * tiling.packedBytes()) {}
  float* scales(size_t i) const { return reinterpret_cast<float*>(memory_ + i * panelBytes_); }
  Activation* values(size_t i) const { return reinterpret_cast<Activation*>(memory_ + i * panelBytes_ + scaleBytes_); }
  /** Partial sums of kSweptTokens tokens. */
  float* partial() const { return reinterpret_cast<float*>(memory_ + allBytes_); }
  /** Selects the rows of a panel as what results are stored of. */
  void select(Results& results, size_t i) const {
    results.first = first + i * 16;
    results.count = smaller(16, end - results.first);
  }
  /** Weights that the thread likely reads after these panels: as many rows further on. */
  template <class Weights>
  const uint8_t* following(const Weights& weights, size_t i) const {
    return weights.address(end + i * 16);
  }

 private:
  uint8_t* memory_;
  size_t panelBytes_, scaleBytes_, allBytes_;
};

}  // namespace
