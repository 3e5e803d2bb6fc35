// The linear layers of one call: threads share the rows of all matrices, one matrix after the other.
#pragma once

#include "linear-float.h"
#include "linear-panel-stream.h"
#include "linear-panel.h"
#include "linear-stream.h"

namespace {

/** The least bytes of weights that a thread takes at a time: so few that threads hardly wait for each other at the end of a layer. */
constexpr size_t kLeastBytes = 32 * 1024;
/** The most bytes of float32 weights that several tokens sweep over: they stay in the second-level cache. */
constexpr size_t kMostSweptBytes = 128 * 1024;
/** Activations that one thread quantizes at a time. */
constexpr size_t kQuantizeUnit = 1024;

ScratchBytes linearScratch(const LinearArgs& args, const Tuning& tuning) {
  if (!args.first.quantizesActivations()) return {0, 0};
  const Activations x(args, tuning, nullptr);
  return {x.bytes(), aligned(x.tiling.threadBytes(x.rows))};
}

void linearQuantize(const LinearArgs& args, const Worker& worker) {
  const Activations x(args, worker.shared->tuning, worker.common);
  const Tiling& tiling = x.tiling;
  const size_t groupsPerUnit = unitsOf(kQuantizeUnit, tiling.groupSize), apart = x.lanesApart();
  forElements(worker, x.rows * tiling.groups, groupsPerUnit, [&](size_t begin, size_t end) {
    const auto group = [&](size_t i) { return Floats{args.x.data + i * tiling.groupSize}; };
    // All scales come first, so that no group waits for its scale. The lines to write, which other cores have read, are
    // prefetched meanwhile.
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / tiling.groups, index = x.groupIndex(token, i % tiling.groups);
      __builtin_prefetch(x.lane(token, i % tiling.groups, 0), 1);
      __builtin_prefetch(x.corrections + index, 1);
      x.scales[index] = scaleOf(group(i), tiling.groupSize);
    }
    for (size_t i = begin; i < end; i++) {
      const size_t token = i / tiling.groups, index = x.groupIndex(token, i % tiling.groups);
      int32_t* lanes = x.lane(token, i % tiling.groups, 0);
      alignas(64) Activation aside[kMaxGroupSize + kLaneValues];
      Activation* values = apart == 1 ? reinterpret_cast<Activation*>(lanes) : aside;
      I16 sum = splat16(0);
      quantizeGroup(values, x.scales[index], group(i), tiling.groupSize, [&](F16, I16 q) { sum = sum + correctionOf(q); });
      x.corrections[index] = kHasCorrections ? sumLanes(sum) : 0;
      for (size_t k = tiling.groupSize; k < tiling.paddedGroup; k++) values[k] = 0;
      if (x.areInQuads()) {
        for (size_t k = 0; k < tiling.groupSize; k += 4) arrangeQuad(values + k);
      }
      if (values != aside) continue;
      for (size_t k = 0; k < tiling.lanesPerGroup(); k++) memcpy(lanes + k * apart, values + k * kLaneValues, 4);
    }
  });
}

/** How threads share the rows of a linear layer: in units of `unitRows`, of which a thread takes up to `mostUnits` at a time. */
struct Sharing {
  size_t unitRows, mostUnits;

  Sharing(const LinearArgs& args, const Tuning& tuning) {
    const bool quantizes = args.first.quantizesActivations();
    if (quantizes) {
      const Tiling tiling(args.first, tuning);
      if (!tiling.isStreamed(args.rows())) {
        unitRows = tiling.panels() * 16;
        mostUnits = 1;
        return;
      }
    }
    const size_t rowBytes = withWeights(args.first, [&](const auto& weights) { return weights.rowBytes(args.cols()); });
    const size_t most = quantizes || args.rows() == 1 ? tuning.shareBytes : kMostSweptBytes;
    const size_t sixteens = smaller(kLeastBytes / rowBytes / 16, 32);
    unitRows = sixteens == 0 ? 16 : sixteens * 16;
    mostUnits = unitsOf(most, unitRows * rowBytes);
  }
};

/** Rows of one matrix with quantized activations; returns whether every result is finite. A group has `Lanes` lanes; 0: any number. */
template <size_t Lanes, class Weights>
bool groupedBlock(const Weights& weights, size_t nRows, Results results, const Activations& x, const Worker& worker) {
  uint8_t* own = worker.own;
  if (!x.tiling.isStreamed(x.rows)) sweepRows<Lanes>(weights, nRows, results, x, own);
  else if constexpr (Weights::kIsInPanels) streamPanels(weights, results, x, worker.shared->tuning);
  else streamRows<Lanes>(weights, nRows, results, x, worker.shared->tuning, own);
  return sumLanes(results.overflowed) == 0;
}

/** Rows [first, end) of one output; returns whether every result is finite. */
bool linearBlock(const LinearArgs& args, const LinearArgs::Output& output, size_t first, size_t end, const Worker& worker) {
  const size_t nRows = output.weight.rows;
  return withWeights(output.weight, [&]<class Weights>(const Weights& weights) {
    if constexpr (Weights::kQuantizesActivations) {
      const Activations x(args, worker.shared->tuning, worker.common);
      const Results results = {output.out.data, nRows, first, end - first};
      if constexpr (Weights::kIsInPanels) {
        return groupedBlock<kPanelGroupSize / kLaneValues>(weights, nRows, results, x, worker);
      } else {
        return x.tiling.lanesPerGroup() == kUsualLanes ? groupedBlock<kUsualLanes>(weights, nRows, results, x, worker)
                                                       : groupedBlock<0>(weights, nRows, results, x, worker);
      }
    } else {
      return floatBlock(weights, nRows, output.out.data, first, end, args.x.data, args.rows(), worker.shared->tuning);
    }
  });
}

void linear(const LinearArgs& args, const Worker& worker) {
  const Sharing sharing(args, worker.shared->tuning);
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
      const size_t endRow = smaller(rows, end * sharing.unitRows);
      if (!linearBlock(args, output, units.first * sharing.unitRows, endRow, worker)) worker.shared->nonFinite.store(1);
      units = {0, units.count - count};
    }
  }
}

}  // namespace
