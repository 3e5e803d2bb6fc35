// The linear layers of one call: their rows, one after the other, are shared out to the threads.
#pragma once

#include "linear-f32.h"
#include "linear-panel.h"
#include "linear-stream.h"

namespace {

/** Weights of one unit of work, in bytes: long enough to stream, short enough to share and to stop in time. */
constexpr size_t kLeastUnitBytes = 128 * 1024, kMostUnitBytes = (VEC_BYTES == 64 ? 512 : 128) * 1024;
/** Units in a thread's share, between these bounds: threads wait for each other as long as one of them takes, at most. */
constexpr size_t kUnitsPerShare = 16;
/** Values of activations one thread quantizes at a time. */
constexpr size_t kQuantizeUnit = 1024;

Scratch linearScratch(const LinearArgs& args) {
  if (args.groupSize == 0) return {0, 0};
  const Activations x(args, nullptr);
  return {x.bytes(), aligned(x.shape.threadBytes(x.rows))};
}

void linearQuantize(const LinearArgs& args, const Worker& worker) {
  const Activations x(args, worker.common);
  const Shape& shape = x.shape;
  const size_t groupsPerUnit = unitsOf(kQuantizeUnit, shape.groupSize);
  forElements(worker, x.rows * shape.groups, groupsPerUnit, [&](size_t begin, size_t end) {
    alignas(64) Activation values[kMaxGroupSize + kLaneValues];
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / shape.groups, group = i % shape.groups, index = x.groupIndex(token, group);
      I16 sum = splat16(0);
      const Floats activations = {args.x.data + i * shape.groupSize};
      x.scales[index] = scaleOf(activations, shape.groupSize);
      quantizeGroup(values, x.scales[index], activations, shape.groupSize, [&](F16, I16 q) { sum = sum + q; });
      x.corrections[index] = kWeightBias == 0 ? 0 : -kWeightBias * sumLanes(sum);
      for (size_t k = shape.groupSize; k < shape.paddedGroup; k++) values[k] = 0;
      int32_t* lanes = x.lane(token, group, 0);
      const size_t apart = x.lanesApart();
      if (apart == 1) memcpy(lanes, values, shape.paddedGroup * sizeof(Activation));
      else for (size_t k = 0; k < shape.lanesPerGroup(); k++) memcpy(lanes + k * apart, values + k * kLaneValues, 4);
    }
  });
}

/** Rows of a unit, of `totalRows` that all threads share: a multiple of sixteen. */
INLINE size_t unitRows(const LinearArgs& args, size_t totalRows, size_t threads) {
  const bool isQuantized = args.groupSize != 0;
  if (isQuantized) {
    const Shape shape(args.cols, args.groupSize);
    if (!shape.isStreamed(args.rows())) return shape.panels() * 16;
  }
  const size_t rowBytes = isQuantized ? args.cols : args.cols * sizeof(float);
  // Float32 weights are swept by token after token, from the second-level cache.
  const size_t most = isQuantized || args.rows() == 1 ? kMostUnitBytes : kLeastUnitBytes;
  const size_t fair = totalRows * rowBytes / (threads * kUnitsPerShare);
  const size_t bytes = fair < kLeastUnitBytes ? kLeastUnitBytes : smaller(fair, most);
  const size_t rows = bytes / rowBytes / 16 * 16;
  return rows < 16 ? 16 : rows > 512 ? 512 : rows;
}

/** Rows [first, end) of one output; returns whether all results are finite. Lanes: of a group, or 0 for any number. */
template <size_t Lanes>
bool q8Block(const LinearArgs::Output& output, size_t first, size_t end, const Activations& x, uint8_t* own) {
  Rows rows = {output.out.data, output.weight.rows, first, end - first};
  if (x.shape.isStreamed(x.rows)) streamRows<Lanes>(output.weight, rows, x, own);
  else sweepPanels<Lanes>(output.weight, rows, x, own);
  return sumLanes(rows.overflowed) == 0;
}

bool q8Rows(const LinearArgs::Output& output, size_t first, size_t end, const Activations& x, uint8_t* own) {
  return x.shape.lanesPerGroup() == kUsualLanes ? q8Block<kUsualLanes>(output, first, end, x, own)
                                                : q8Block<0>(output, first, end, x, own);
}

void linear(const LinearArgs& args, const Worker& worker) {
  size_t totalRows = 0, total = 0;
  Words adding = args.outputs, counting = args.outputs;
  for (size_t i = 0; i < args.count; i++) totalRows += LinearArgs::Output(adding).weight.rows;
  const size_t rowsPerUnit = unitRows(args, totalRows, worker.threads);
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
                                 ? q8Rows(output, first, end, Activations(args, worker.common), worker.own)
                                 : f32Block(output.weight, output.out.data, first, end, args.x.data, args.rows());
      if (!allFinite) worker.shared->nonFinite.store(1);
      break;
    }
  }
}

}  // namespace
