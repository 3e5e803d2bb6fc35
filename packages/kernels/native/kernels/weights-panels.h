// The loaders of weights in panels of sixteen rows, whose layout src/panels.ts describes. `Values` says how the values are stored.
#pragma once

#include "../simd/codebook.h"
#include "../simd/half.h"
#include "weights-q8.h"

namespace {

/** Bytes of four columns of sixteen rows, one byte a weight. */
constexpr size_t kQuadBytes = kPanelRows * 4;
constexpr size_t kGroupQuads = kPanelGroupSize / 4;

/** int8 values. */
struct Int8Panels {
  static constexpr size_t kGroupBytes = panelGroupBytes(false);
  /** How many registers of weights a register of bytes holds. */
  static constexpr size_t kQuadsPerLoad = 1;

  explicit Int8Panels(const Matrix&) {}
  /** A group, as its registers are loaded. */
  struct Group {
    const uint8_t* bytes;
    INLINE Group(const Int8Panels&, const uint8_t* group) : bytes(group) {}
    INLINE void load(vi* quads, size_t at) const { quads[0] = biased(loadAs<vi>(bytes + at)); }
  };
  /** The weights of a group in one row, int8. */
  INLINE void copyRow(int8_t* out, const uint8_t* group, size_t row) const {
    for (size_t i = 0; i < kGroupQuads; i++) memcpy(out + i * 4, group + i * kQuadBytes + row * 4, 4);
  }
};

/** 4-bit indices into a codebook: columns of the first half of a group in the low bits of a byte. */
struct CodebookPanels {
  static constexpr size_t kGroupBytes = panelGroupBytes(true);
  static constexpr size_t kQuadsPerLoad = 2;

#if defined(CODEBOOK_IN_PAIRS)
  CodebookPairs codebook;
  /** Looked up before any register is loaded: a load that follows the stores of its parts would wait for them. */
  struct Group {
    alignas(16) uint16_t pairs[kGroupBytes];
    INLINE Group(const CodebookPanels& values, const uint8_t* group) { values.codebook.lookUp(pairs, group, kGroupBytes); }
    INLINE void load(vi* quads, size_t at) const { CodebookPairs::split(quads, pairs + at); }
  };
#else
  Codebook codebook;
  struct Group {
    const Codebook& codebook;
    const uint8_t* bytes;
    INLINE Group(const CodebookPanels& values, const uint8_t* group) : codebook(values.codebook), bytes(group) {}
    INLINE void load(vi* quads, size_t at) const {
      const vi pairs = loadAs<vi>(bytes + at), low = inRegister(0x0f0f0f0f);
      quads[0] = codebook.at(pairs & low);
      quads[1] = codebook.at((pairs >> 4) & low);
    }
  };
#endif
  int8_t entries[16];

  explicit CodebookPanels(const Matrix& matrix) : codebook(matrix.codebook) {
    memcpy(entries, matrix.codebook, sizeof entries);
  }
  INLINE void copyRow(int8_t* out, const uint8_t* group, size_t row) const {
    for (size_t i = 0; i < kPanelGroupSize / 2; i++) {
      const uint8_t pair = group[i / 4 * kQuadBytes + row * 4 + i % 4];
      out[i] = entries[pair & 15];
      out[i + kPanelGroupSize / 2] = entries[pair >> 4];
    }
  }
};

template <class Values>
struct PanelWeights {
  static constexpr bool kQuantizesActivations = true, kIsInPanels = true;
  static constexpr size_t kGroupBytes = Values::kGroupBytes, kQuadsPerLoad = Values::kQuadsPerLoad;
  /** Bits of a weight. */
  static constexpr size_t kBits = kGroupBytes * 8 / (kPanelRows * kPanelGroupSize);

  Values values;
  const uint8_t* data;
  size_t groups;
  /** Bytes of the scales of a panel, up to its values, and of all of it. */
  size_t scaleBytes, panelBytes;

  explicit PanelWeights(const Matrix& matrix)
      : values(matrix),
        data(matrix.values.data),
        groups(matrix.cols / kPanelGroupSize),
        scaleBytes(panelScaleBytes(groups)),
        panelBytes(scaleBytes + groups * kGroupBytes) {}
  INLINE size_t rowBytes(size_t) const { return panelBytes / kPanelRows; }
  /** The panel of a row. */
  INLINE const uint8_t* address(size_t row) const { return data + row / kPanelRows * panelBytes; }

  /** Calls each(quad, register, weights) for the registers of a group: `quad` counts fours of columns. */
  template <class Each>
  INLINE void forQuads(const uint8_t* group, Each each) const {
    constexpr size_t kLoads = kGroupQuads / kQuadsPerLoad;
    const typename Values::Group loaded(values, group);
    UNROLL_IF_WIDE for (size_t load = 0; load < kLoads; load++) {
      UNROLL for (int reg = 0; reg < kRegs; reg++) {
        vi quads[kQuadsPerLoad];
        loaded.load(quads, load * kQuadBytes + reg * VEC_BYTES);
        UNROLL for (size_t i = 0; i < kQuadsPerLoad; i++) each(load + i * kLoads, reg, quads[i]);
      }
    }
  }

  void dequantizeRow(float* out, size_t row) const {
    const uint8_t *scales = address(row), *group = scales + scaleBytes;
    for (size_t g = 0; g < groups; g++, group += kGroupBytes, scales += kPanelRows * 2) {
      int8_t weights[kPanelGroupSize];
      float ofRows[kPanelRows];
      values.copyRow(weights, group, row % kPanelRows);
      store16(ofRows, loadHalf16(reinterpret_cast<const uint16_t*>(scales)));
      dequantizeGroup(out + g * kPanelGroupSize, weights, ofRows[row % kPanelRows], kPanelGroupSize);
    }
  }
};

}  // namespace
