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
  return {x.bytes(), x.shape.scaleBytes() + x.shape.panelBytes()};
}

void linearQuantize(const LinearArgs& args, const Worker& worker) {
  const Activations x(args, worker.common);
  const Shape& shape = x.shape;
  const size_t groupsPerUnit = unitsOf(kQuantizeUnit, shape.groupSize);
  forElements(worker, x.rows * shape.groups, groupsPerUnit, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i++) {
      Activation* values = x.values + i * shape.paddedGroup;
      const int32_t sum = quantizeGroup(values, x.scales + i, args.x.data + i * shape.groupSize, shape.groupSize);
      x.corrections[i] = -kWeightBias * sum;
      for (size_t k = shape.groupSize; k < shape.paddedGroup; k++) values[k] = 0;
    }
  });
}

/** Rows of a unit: a multiple of sixteen. */
INLINE size_t unitRows(const LinearArgs& args) {
  const size_t rowBytes = args.groupSize != 0 ? args.cols : args.cols * sizeof(float);
  const size_t rows = kUnitBytes / rowBytes / 16 * 16;
  return rows < 16 ? 16 : rows > 512 ? 512 : rows;
}

bool q8Rows(const LinearArgs::Output& output, size_t first, size_t end, const Activations& x, const Worker& worker) {
  I16 overflowed = splat16(0);
  for (size_t row = first; row < end && worker.shared->cancelled.load() == 0; row += 16) {
    Rows rows = {output.out.data, output.weight.rows, row, smaller(16, end - row)};
    q8Block(output.weight, rows, x, worker.own);
    overflowed = overflowed | rows.overflowed;
  }
  return sumLanes(overflowed) == 0;
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
