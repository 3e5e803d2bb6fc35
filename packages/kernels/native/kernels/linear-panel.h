// Quantized matrix times many tokens: they sweep over panels of sixteen rows in scratch memory.
#pragma once

#if defined(KERNELS_AMX)
#include "sweep-amx.h"
#else
#include "sweep.h"
#endif

namespace {

/** Rows of a matrix, at most kMaxPanels * 16, with any number of tokens. */
template <size_t Lanes, class Weights>
INLINE void sweepRows(const Weights& weights, size_t nRows, Results& results, const Activations& x, uint8_t* own) {
  const Panels panels(x.tiling, results, own);
  for (size_t i = 0; i < panels.count; i++) {
    packPanel(panels.values(i), panels.scales(i), weights, nRows, panels.first + i * 16, x.tiling);
  }
  sweepTokens<Lanes>(panels, weights, x, results);
}

}  // namespace
