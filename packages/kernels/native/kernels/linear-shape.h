// How a quantized linear layer is cut up: rows, panels, tiles, scratch, and the quantized activations of a batch.
//
// Per output: acc = acc + f32(isum) * (weight scale * activation scale), groups in ascending order. Sixteen rows are
// computed at a time, one float lane per row: for few tokens as linear-stream.h does, for more as linear-panel.h.
#pragma once

#include "../simd/dot.h"
#include "quantize.h"

namespace {

/**
 * Tokens that share a load of a panel: as many as keep accumulators, weights and a broadcast in registers. And tokens up
 * to which rows are streamed instead of rearranged: measured, see docs/kernels.md.
 */
#if VEC_BYTES == 64
constexpr size_t kTokens = 12;  // of 32 registers
constexpr size_t kStreamTokens = kLaneValues == 4 ? 8 : 4;
#elif VEC_BYTES == 32
constexpr size_t kTokens = 4;  // two registers each, of 16
constexpr size_t kStreamTokens = 2;
#else
constexpr size_t kTokens = 2;  // four registers each, of 16
constexpr size_t kStreamTokens = kLaneValues == 4 ? 2 : 1;
#endif

/** Groups of a piece of a row. Rows are streamed piece by piece: what the rows share stays in the first-level cache. */
constexpr size_t kPieceGroups = 16;

constexpr size_t kPanelsBytes = 320 * 1024;
constexpr size_t kMaxPanels = 4;
/** Lanes of a group of the size that files have unless asked otherwise: a count the compiler knows is walked faster. */
constexpr size_t kUsualLanes = 64 / kLaneValues;

struct Shape {
  size_t cols, groupSize, groups;
  /** Values of a group rounded up to whole lanes, with zeros. */
  size_t paddedGroup, paddedCols;
  /** Groups packed together: enough columns for whole registers where groups are small and dense. */
  size_t chunkGroups;

  explicit Shape(size_t cols, size_t groupSize) : cols(cols), groupSize(groupSize), groups(cols / groupSize) {
    paddedGroup = (groupSize + kLaneValues - 1) / kLaneValues * kLaneValues;
    paddedCols = groups * paddedGroup;
    const size_t registerGroups = (size_t)kDotWeights / groupSize;
    chunkGroups = paddedGroup != groupSize || registerGroups == 0 ? 1 : registerGroups;
  }
  size_t lanesPerGroup() const { return paddedGroup / kLaneValues; }
  /** Whether rows are streamed for this many tokens: it takes whole registers a group, and whole pieces. */
  bool isStreamed(size_t tokens) const {
    return tokens <= kStreamTokens && groupSize % kDotWeights == 0 && groups % kPieceGroups == 0;
  }
  size_t scaleBytes() const { return aligned(groups * 16 * sizeof(float)); }
  /** Scales and weights of sixteen rows. */
  size_t packedBytes() const { return scaleBytes() + panelBytes(); }
  /** Panels that stay in the second-level cache together while tokens sweep over them. */
  size_t panels() const {
    const size_t fitting = kPanelsBytes / packedBytes();
    return fitting < 1 ? 1 : smaller(fitting, kMaxPanels);
  }
  /** What one thread needs for so many tokens. */
  size_t threadBytes(size_t tokens) const {
    if (!isStreamed(tokens)) return panels() * packedBytes();
    return tokens == 1 ? 0 : tokens * 16 * kPieceGroups * sizeof(float);
  }

 private:
  size_t panelBytes() const { return aligned(paddedCols * 16 * sizeof(Activation)); }
};

/**
 * A batch of quantized activations in the operation's common scratch. Where rows are swept, tokens lie side by side in
 * tiles of `width`, lane by lane: a sweep reads one stream. Where they are streamed each token lies alone: a single one
 * in its own order; of several, piece by piece, kLanes groups side by side, lane by lane.
 */
struct Activations {
  Shape shape;
  /** Tokens of the batch, and of a tile. */
  size_t rows, width;
  /** Groups of a token that lie side by side. */
  size_t groupsAside;
  /** (tiles, paddedCols / kLaneValues, width), or (pieces, tokens, groups / kLanes, lanes of a group, kLanes), of kLaneValues values each */
  int32_t* lanes;
  /** (tiles, groups, width) */
  float* scales;
  /** (tiles, groups, width): -kWeightBias * sum of the group's values */
  int32_t* corrections;

  Activations(const LinearArgs& args, uint8_t* memory)
      : shape(args.cols, args.groupSize), rows(args.rows()), width(tileTokens()) {
    groupsAside = shape.isStreamed(rows) && rows > 1 ? kLanes : 1;
    lanes = reinterpret_cast<int32_t*>(memory);
    scales = reinterpret_cast<float*>(memory + valueBytes());
    corrections = reinterpret_cast<int32_t*>(memory + valueBytes() + groupBytes());
  }
  size_t bytes() const { return valueBytes() + 2 * groupBytes(); }
  /** Where a token's group lies among scales and corrections. */
  size_t groupIndex(size_t token, size_t group) const {
    return (token / width * shape.groups + group) * width + token % width;
  }
  /** Where lane k of a token's group lies; the next lane is lanesApart() further. */
  int32_t* lane(size_t token, size_t group, size_t k) const {
    const size_t aside = group % groupsAside * width + token % width;
    return lanes + groupsBefore(token, group - group % groupsAside) * shape.lanesPerGroup() * width + k * lanesApart() + aside;
  }
  size_t lanesApart() const { return width * groupsAside; }
  /** Lanes of one token in a piece; the piece of the next token follows. */
  size_t pieceLanes() const { return kPieceGroups * shape.lanesPerGroup(); }

 private:
  size_t groupsBefore(size_t token, size_t group) const {
    if (groupsAside == 1) return token / width * shape.groups + group;
    const size_t within = group % kPieceGroups;
    return (group - within) * rows + token * kPieceGroups + within;
  }
  size_t tileTokens() const {
    if (shape.isStreamed(rows) || rows == 1) return 1;
    return rows <= kTokens / 2 ? kTokens / 2 : kTokens;
  }
  size_t room() const { return unitsOf(rows, width) * width; }
  size_t valueBytes() const { return aligned(room() * shape.paddedCols * sizeof(Activation)); }
  size_t groupBytes() const { return aligned(room() * shape.groups * sizeof(float)); }
};

/** Where sixteen rows of a matrix begin; past its end the last one again, so that nothing is read past it. */
struct RowPointers {
  const int8_t* values[16];
  Scales scales[16];

  RowPointers(const Matrix& weight, size_t first) {
    const size_t groups = weight.cols / weight.groupSize;
    for (size_t i = 0; i < 16; i++) {
      const size_t row = smaller(first + i, weight.rows - 1);
      values[i] = weight.bytes() + row * weight.cols;
      scales[i] = scalesOf(weight).from(row * groups);
    }
  }
};

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

}  // namespace
