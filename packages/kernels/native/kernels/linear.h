// The linear layers of one call: their rows, one after the other, are shared out to the threads.
#pragma once

#include "linear-f32.h"
#include "linear-panel.h"
#include "linear-stream.h"

namespace {

/**
 * Weights that a thread takes at a time, in bytes: so few that threads hardly wait for each other at the end of a layer, and so
 * many before it that they stream, while a run can still be stopped soon.
 */
constexpr size_t kLeastBytes = 32 * 1024, kMostBytes = (VEC_BYTES == 64 ? 512 : 128) * 1024;
/** The most of float32 weights that several tokens sweep over: they stay in the second-level cache. */
constexpr size_t kMostSweptBytes = 128 * 1024;
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
  const size_t groupsPerUnit = unitsOf(kQuantizeUnit, shape.groupSize), apart = x.lanesApart();
  forElements(worker, x.rows * shape.groups, groupsPerUnit, [&](size_t begin, size_t end) {
    const auto group = [&](size_t i) { return Floats{args.x.data + i * shape.groupSize}; };
    // Scales first: the values of a group would wait for its own, and the next group behind them. Meanwhile the lines to
    // write, which other cores have read, are fetched.
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / shape.groups, index = x.groupIndex(token, i % shape.groups);
      __builtin_prefetch(x.lane(token, i % shape.groups, 0), 1);
      __builtin_prefetch(x.corrections + index, 1);
      x.scales[index] = scaleOf(group(i), shape.groupSize);
    }
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / shape.groups, index = x.groupIndex(token, i % shape.groups);
      int32_t* lanes = x.lane(token, i % shape.groups, 0);
      alignas(64) Activation aside[kMaxGroupSize + kLaneValues];
      Activation* values = apart == 1 ? reinterpret_cast<Activation*>(lanes) : aside;
      I16 sum = splat16(0);
      quantizeGroup(values, x.scales[index], group(i), shape.groupSize, [&](F16, I16 q) { sum = sum + q; });
      x.corrections[index] = kWeightBias == 0 ? 0 : -kWeightBias * sumLanes(sum);
      for (size_t k = shape.groupSize; k < shape.paddedGroup; k++) values[k] = 0;
      if (values != aside) continue;
      for (size_t k = 0; k < shape.lanesPerGroup(); k++) memcpy(lanes + k * apart, values + k * kLaneValues, 4);
    }
  });
}

/** How the rows of a linear layer are shared out: in units, of which a thread takes up to `mostUnits` at a time. */
struct Sharing {
  size_t unitRows, mostUnits;

  explicit Sharing(const LinearArgs& args) {
    const bool isQuantized = args.groupSize != 0;
    if (isQuantized) {
      const Shape shape(args.cols, args.groupSize);
      if (!shape.isStreamed(args.rows())) {
        unitRows = shape.panels() * 16;
        mostUnits = 1;
        return;
      }
    }
    const size_t rowBytes = args.cols * (isQuantized ? 1 : sizeof(float));
    const size_t most = isQuantized || args.rows() == 1 ? kMostBytes : kMostSweptBytes;
    const size_t sixteens = smaller(kLeastBytes / rowBytes / 16, 32);
    unitRows = sixteens == 0 ? 16 : sixteens * 16;
    mostUnits = unitsOf(most, unitRows * rowBytes);
  }
};

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

/** Rows [first, end) of one output. */
void linearRows(const LinearArgs& args, const LinearArgs::Output& output, size_t first, size_t end, const Worker& worker) {
  const bool allFinite = args.groupSize != 0
                             ? q8Rows(output, first, end, Activations(args, worker.common), worker.own)
                             : f32Block(output.weight, output.out.data, first, end, args.x.data, args.rows());
  if (!allFinite) worker.shared->nonFinite.store(1);
}

void linear(const LinearArgs& args, const Worker& worker) {
  const Sharing sharing(args);
  size_t total = 0;
  Words counting = args.outputs;
  for (size_t i = 0; i < args.count; i++) total += unitsOf(LinearArgs::Output(counting).weight.rows, sharing.unitRows);
  for (Units units; (units = worker.next(total, sharing.mostUnits)).count > 0;) {
    Words words = args.outputs;
    while (units.count > 0) {
      const LinearArgs::Output output(words);
      const size_t rows = output.weight.rows, unitsHere = unitsOf(rows, sharing.unitRows);
      if (units.first >= unitsHere) {
        units.first -= unitsHere;
        continue;
      }
      const size_t count = smaller(units.count, unitsHere - units.first), end = units.first + count;
      linearRows(args, output, units.first * sharing.unitRows, smaller(rows, end * sharing.unitRows), worker);
      units = {0, units.count - count};
    }
  }
}

}  // namespace
