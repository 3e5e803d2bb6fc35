// Quantized matrix times one token, on registers of four lanes: four rows together, and a lane is a row.
//
// The rows are four apart, so that their bytes lie whole pages apart in the usual shapes. A core's own prefetcher stops at the end
// of a page. The four rows get there together, and the core waits for memory once instead of four times. They also
// share each load of activations, and no product waits for the one of another row.
#pragma once

#include "../simd/across-lanes.h"
#include "linear-tiling.h"

namespace {

#if VEC_BYTES == 16

/** Rows that are computed together, and how far apart they are in their sixteen rows. */
constexpr size_t kRowsTogether = 4, kRowsApart = 4;

/** Rows `first`, `first` + 4, `first` + 8 and `first` + 12 with one token: a lane each. */
template <size_t Registers, Prefetch kInto, class Weights>
OUTLINE vf streamFourRows(const SixteenRows<Weights>& rows, size_t first, const Activations& x, size_t aheadBytes) {
  const size_t groups = x.tiling.groups, groupSize = x.tiling.groupSize;
  const size_t registers = Registers != 0 ? Registers : groupSize / kDotWeights;
  constexpr size_t kStep = Registers != 0 && Registers % 2 == 0 ? 2 : 1;
  const Activation* xq = reinterpret_cast<const Activation*>(x.lanes);
  const auto row = [&](size_t i) -> const typename Weights::Row& { return rows.row[first + i * kRowsApart]; };
  auto [w0, s0] = row(0);
  auto [w1, s1] = row(1);
  auto [w2, s2] = row(2);
  auto [w3, s3] = row(3);
  vf f = splatf(0.0f);
  for (size_t g = 0; g < groups; g += kLanes) {
    vf scales[kLanes] = {s0.loadLanes(g), s1.loadLanes(g), s2.loadLanes(g), s3.loadLanes(g)};
    transpose(scales);
    ROLLED for (size_t i = 0; i < kLanes; i++) {
      vi sums[kRowsTogether] = {splati(0), splati(0), splati(0), splati(0)};
      // Two registers of each row at a time: more would not fit the sixteen registers of x86, in which V8 keeps them.
      ROLLED for (size_t v = 0; v < registers; v += kStep) {
        if (v * kDotWeights % 64 == 0) {
          prefetchInto<kInto>(static_cast<const char*>(w0.address()) + aheadBytes);
          prefetchInto<kInto>(static_cast<const char*>(w1.address()) + aheadBytes);
          prefetchInto<kInto>(static_cast<const char*>(w2.address()) + aheadBytes);
          prefetchInto<kInto>(static_cast<const char*>(w3.address()) + aheadBytes);
        }
        UNROLL for (size_t step = 0; step < kStep; step++, xq += kDotWeights) {
          const vi activations = loadAs<vi>(xq);
          sums[0] = dot(sums[0], w0.load(), activations);
          sums[1] = dot(sums[1], w1.load(), activations);
          sums[2] = dot(sums[2], w2.load(), activations);
          sums[3] = dot(sums[3], w3.load(), activations);
          w0 = w0.from(kDotWeights), w1 = w1.from(kDotWeights), w2 = w2.from(kDotWeights), w3 = w3.from(kDotWeights);
        }
      }
      vi sum = sumRows(sums);
      if (kHasCorrections) sum = sum + splati(x.corrections[g + i]);
      f = f + __builtin_convertvector(sum, vf) * (scales[i] * splatf(x.scales[g + i]));
    }
  }
  return f;
}

/** Sixteen rows with one token. */
template <size_t Registers, Prefetch kInto, class Weights>
INLINE F16 streamToken(const SixteenRows<Weights>& rows, const Activations& x, size_t aheadBytes) {
  F16 results;
  for (size_t first = 0; first < kRowsApart; first++) {
    // Each of the four streams goes on with its next row, which follows in memory.
    results.r[first] = streamFourRows<Registers, kInto>(rows, first, x, aheadBytes / kRowsTogether);
  }
  transpose(results.r);
  return results;
}

#endif

}  // namespace
