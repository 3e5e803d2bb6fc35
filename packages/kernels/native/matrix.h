// A matrix of weights as a program names it: its shape, its encoding, and where its bytes are.
#pragma once

#include "words.h"

namespace kernels {

/** src/panels.ts has the layout of weights in panels. */
constexpr size_t kPanelRows = 16, kPanelGroupSize = 32;
/** Bytes of the scales of a panel, up to its values. */
SHARED_INLINE constexpr size_t panelScaleBytes(size_t groups) { return (groups * kPanelRows * 2 + 63) / 64 * 64; }
/** Bytes of the values of a group of a panel. */
SHARED_INLINE constexpr size_t panelGroupBytes(bool isQ4) { return kPanelRows * kPanelGroupSize / (isQ4 ? 2 : 1); }

/** How the weights of a matrix are stored. The numbers are those of src/weight-encodings.ts. */
enum class Encoding : size_t {
  /** float32 values. */
  f32,
  /** int8 values, and one float32 scale per group. */
  q8,
  /** int8 values, and per group its largest magnitude as bfloat16, which divided by 127 is the scale. */
  q8Maxima,
  /** Panels of sixteen rows: float16 scales, and int8 values. */
  q8Panels,
  /** Panels of sixteen rows: float16 scales, and 4-bit indices into a codebook. */
  q4Panels,
};

/** Weights of a linear layer or of the embedding table, (rows, cols). kernels/weights.h has a loader for each encoding. */
struct Matrix {
  size_t rows, cols;
  Encoding encoding;
  /** Consecutive weights of a row that share a scale; 0 for an encoding without scales. */
  size_t groupSize;
  /** Panels are `values` and have no `scales`. */
  Array<const uint8_t> values, scales;
  /** Sixteen int8 values, for q4Panels only. */
  uint32_t codebook[4] = {};

  SHARED_INLINE explicit Matrix(Words& words)
      : rows(words.count()),
        cols(words.count()),
        encoding((Encoding)words.count()),
        groupSize(words.count()),
        values(words.array<const uint8_t>()),
        scales(words.array<const uint8_t>()) {
    if (encoding == Encoding::q4Panels) {
      for (uint32_t& entries : codebook) entries = (uint32_t)words.count();
    }
    words.ok = words.ok && valid();
  }
  SHARED_INLINE bool isInPanels() const { return encoding == Encoding::q8Panels || encoding == Encoding::q4Panels; }
  /** Whether the activations that these weights are multiplied with are quantized first, in groups of the same size. */
  SHARED_INLINE bool quantizesActivations() const { return encoding != Encoding::f32; }

 private:
  bool valid() const;
};

}  // namespace kernels
