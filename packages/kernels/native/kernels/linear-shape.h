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
  size_t panelBytes() const { return aligned(paddedCols * 16 * sizeof(Activation)); }
};

/** A batch of quantized activations in the operation's common scratch. */
struct Activations {
  Shape shape;
  /** Tokens; room is kept for a whole tile more, whose results are dropped. */
  size_t rows, room;
  /** (room, paddedCols) */
  Activation* values;
  /** (room, groups) */
  float* scales;
  /** (room, groups): -kWeightBias * sum of the group's values */
  int32_t* corrections;

  Activations(const LinearArgs& args, uint8_t* memory)
      : shape(args.cols, args.groupSize), rows(args.rows()), room(rows == 1 ? 1 : rows + kTokens) {
    values = reinterpret_cast<Activation*>(memory);
    scales = reinterpret_cast<float*>(memory + valueBytes());
    corrections = reinterpret_cast<int32_t*>(memory + valueBytes() + groupBytes());
  }
  size_t bytes() const { return valueBytes() + 2 * groupBytes(); }

 private:
  size_t valueBytes() const { return aligned(room * shape.paddedCols * sizeof(Activation)); }
  size_t groupBytes() const { return aligned(room * shape.groups * sizeof(float)); }
};

}  // namespace
