// The linear layers of one call: their rows, one after the other, are shared out to the threads.
#pragma once

#include "linear-f32.h"

namespace {

/** Weights of one unit of work, in bytes: long enough to stream, short enough to share and to stop in time. */
constexpr size_t kUnitBytes = 128 * 1024;
/** Values of activations one thread quantizes at a time. */
constexpr size_t kQuantizeUnit = 1024;

Scratch linearScratch(const LinearArgs& args) {
  if (args.groupSize == 0) return {0, 0};
  const Activations x(args, nullptr);
  return {x.bytes(), x.shape.panels() * x.shape.packedBytes()};
}

void linearQuantize(const LinearArgs& args, const Worker& worker) {
  const Activations x(args, worker.common);
  const Shape& shape = x.shape;
  const size_t groupsPerUnit = unitsOf(kQuantizeUnit, shape.groupSize);
  forElements(worker, x.rows * shape.groups, groupsPerUnit, [&](size_t begin, size_t end) {
    alignas(64) Activation values[kMaxGroupSize + kLaneValues];
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / shape.groups, group = i % shape.groups, index = x.groupIndex(token, group);
      const int32_t sum = quantizeGroup(values, x.scales + index, args.x.data + i * shape.groupSize, shape.groupSize);
      x.corrections[index] = -kWeightBias * sum;
      for (size_t k = shape.groupSize; k < shape.paddedGroup; k++) values[k] = 0;
      int32_t* lanes = x.groupLanes(token, group);
      if (x.width == 1) memcpy(lanes, values, shape.paddedGroup * sizeof(Activation));
      else for (size_t k = 0; k < x.lanesPerGroup(); k++) memcpy(lanes + k * x.width, values + k * kLaneValues, 4);
    }
  });
}

/** Rows of a unit: a multiple of sixteen. */
INLINE size_t unitRows(const LinearArgs& args) {
  if (args.groupSize != 0 && args.rows() > kTokens) return Shape(args.cols, args.groupSize).panels() * 16;
  const size_t rowBytes = args.groupSize != 0 ? args.cols : args.cols * sizeof(float);
  const size_t rows = kUnitBytes / rowBytes / 16 * 16;
  return rows < 16 ? 16 : rows > 512 ? 512 : rows;
}

bool q8Rows(const LinearArgs::Output& output, size_t first, size_t end, const Activations& x, const Worker& worker) {
  Rows rows = {output.out.data, output.weight.rows, first, end - first};
  if (x.rows > kTokens) {
    sweepPanels(output.weight, rows, x, worker.own);
  } else {
    for (size_t row = first; row < end; row += 16) {
      rows.first = row;
      rows.count = smaller(16, end - row);
      streamRows(output.weight, rows, x, worker.own);
    }
  }
  return sumLanes(rows.overflowed) == 0;
}

void linear(const LinearArgs& args, const Worker& worker) {
  const size_t rowsPerUnit = unitRows(args);
  size_t total = 0;
  Words counting = args.outputs;
  for (size_t i = 0; i < args.count; i++) total += unitsOf(LinearArgs::Output(counting).weight.rows, rowsPerUnit);
  for (size_t unit; (unit = worker.next(total)) < total;) {
    Words words = args.outputs;
    for (size_t i = 0; i < args.count; i++) {
      const LinearArgs::Output output(words);
      const size_t rows = output.weight.rows, units = unitsOf(rows, rowsPerUnit);
      if (unit >= units) {
        unit -= units;
        continue;
      }
      const size_t first = unit * rowsPerUnit, end = smaller(rows, first + rowsPerUnit);
      const bool allFinite = args.groupSize != 0
                                 ? q8Rows(output, first, end, Activations(args, worker.common), worker)
                                 : f32Block(output.weight, output.out.data, first, end, args.x.data, args.rows());
      if (!allFinite) worker.shared->nonFinite.store(1);
      break;
    }
  }
}

}  // namespace
