// How a quantized linear layer is cut up: tiles, panels, scratch, and the quantized activations of a batch.
#pragma once

#include "../simd/dot.h"
#include "elementwise.h"

namespace {

/** Tokens that share a load of weights: as many as keep accumulators, weights and a broadcast in registers. */
#if VEC_BYTES == 64
constexpr size_t kTokens = 12;  // of 32 registers
#elif VEC_BYTES == 32
constexpr size_t kTokens = 4;  // two registers each, of 16
#else
constexpr size_t kTokens = 2;  // four registers each, of 16
#endif

constexpr size_t kPanelsBytes = 320 * 1024;
constexpr size_t kMaxPanels = 4;

constexpr size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

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
  size_t scaleBytes() const { return aligned(groups * 16 * sizeof(float)); }
  /** Scales and weights of sixteen rows. */
  size_t packedBytes() const { return scaleBytes() + panelBytes(); }
  /** Panels that stay in the second-level cache together while tokens sweep over them. */
  size_t panels() const {
    const size_t fitting = kPanelsBytes / packedBytes();
    return fitting < 1 ? 1 : smaller(fitting, kMaxPanels);
  }
  size_t panelBytes() const { return aligned(paddedCols * 16 * sizeof(Activation)); }
};

/** Tokens of a tile for a batch of `rows`. */
INLINE size_t tileTokens(size_t rows) {
  for (size_t width = 1; width <= 8; width *= 2) {
    if (rows <= width && width < kTokens) return width;
  }
  return kTokens;
}

/**
 * A batch of quantized activations in the operation's common scratch, in tiles of `width` tokens that lie side by side:
 * a sweep reads one stream. The last tile has room for tokens that are not there; their results are dropped.
 */
struct Activations {
  Shape shape;
  /** Tokens of the batch, and of a tile. */
  size_t rows, width;
  /** (tiles, paddedCols / kLaneValues, width) of kLaneValues values each */
  int32_t* lanes;
  /** (tiles, groups, width) */
  float* scales;
  /** (tiles, groups, width): -kWeightBias * sum of the group's values */
  int32_t* corrections;

  Activations(const LinearArgs& args, uint8_t* memory)
      : shape(args.cols, args.groupSize), rows(args.rows()), width(tileTokens(rows)) {
    lanes = reinterpret_cast<int32_t*>(memory);
    scales = reinterpret_cast<float*>(memory + valueBytes());
    corrections = reinterpret_cast<int32_t*>(memory + valueBytes() + groupBytes());
  }
  size_t bytes() const { return valueBytes() + 2 * groupBytes(); }
  size_t lanesPerGroup() const { return shape.paddedGroup / kLaneValues; }
  /** Where a token's group lies among scales and corrections; its lanes start at lanesPerGroup times the tile's part. */
  size_t groupIndex(size_t token, size_t group) const {
    return (token / width * shape.groups + group) * width + token % width;
  }
  int32_t* groupLanes(size_t token, size_t group) const {
    return lanes + (token / width * shape.groups + group) * lanesPerGroup() * width + token % width;
  }

 private:
  size_t room() const { return unitsOf(rows, width) * width; }
  size_t valueBytes() const { return aligned(room() * shape.paddedCols * sizeof(Activation)); }
  size_t groupBytes() const { return aligned(room() * shape.groups * sizeof(float)); }
};

}  // namespace
