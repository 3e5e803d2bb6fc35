// The loaders of weights, one per encoding: the template parameter `Weights` of the linear and embedding kernels.
//
// A loader is made of a Matrix. Every loader has
//   kQuantizesActivations      whether its products are those of quantized activations, or of float32 ones
//   rowBytes(cols)             bytes that a row takes of the memory that is streamed
//   dequantizeRow(out, row)    writes a row as float32
// A loader for float32 activations also has `row(i)`, whose `load`, `loadPart` and `address` take a column.
// A loader for quantized activations also has `kIsInPanels`, `kBits` and `address(row)`. If it is not in panels, it has `row(i)`: its
// `values`, which load a register of int8 weights, and its `scales`. If it is, it has `forQuads`, which loads a group of sixteen rows.
#pragma once

#include "weights-f32.h"
#include "weights-panels.h"
#include "weights-q8.h"

namespace {

/** f(the loader of the matrix). */
template <class F>
INLINE auto withWeights(const Matrix& matrix, F f) {
  switch (matrix.encoding) {
    case Encoding::q8: return f(Q8Weights<Float32Scales>(matrix));
    case Encoding::q8Maxima: return f(Q8Weights<ScalesOfMaxima>(matrix));
    case Encoding::q8Panels: return f(PanelWeights<Int8Panels>(matrix));
    case Encoding::q4Panels: return f(PanelWeights<CodebookPanels>(matrix));
    default: return f(Float32Weights(matrix));
  }
}

}  // namespace
