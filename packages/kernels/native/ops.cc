// The checks of each operation's arguments. They pass before a thread reads or writes an array.
#include "ops.h"

namespace kernels {
namespace {

/** Whether `found` is above 0 and a multiple of `of`. */
bool multiple(size_t found, size_t of) { return found > 0 && of > 0 && found % of == 0; }

/** Whether a * b is `product`, and does not overflow. */
bool productIs(size_t a, size_t b, size_t product) {
  size_t result;
  return !__builtin_mul_overflow(a, b, &result) && result == product;
}

bool indicesBelow(Array<const int32_t> indices, size_t limit) {
  for (int32_t index : indices) {
    if (index < 0 || (size_t)index >= limit) return false;
  }
  return indices.length > 0;
}

bool cacheFits(const Segment& segment, const CacheArgs& args) {
  size_t heads, headLength, length;
  if (__builtin_mul_overflow(args.nLayers, args.nKvHeads, &heads)) return false;
  if (__builtin_mul_overflow(segment.seqLen, args.headDim, &headLength)) return false;
  if (__builtin_mul_overflow(heads, headLength, &length)) return false;
  const size_t alignment = segment.half ? 2 : 4;
  const auto address = [](const Array<uint8_t>& array) { return reinterpret_cast<size_t>(array.data); };
  return segment.keys.length == length && segment.values.length == length && address(segment.keys) % alignment == 0 &&
         address(segment.values) % alignment == 0;
}

/** Whether `source` is `count` elements of a checkpoint. */
bool holdsElements(Array<const uint8_t> source, size_t count, SourceDtype dtype) {
  return dtype <= SourceDtype::bf16 && productIs(count, dtype == SourceDtype::f32 ? 4 : 2, source.length);
}

/** Whether the panels of a matrix have their length. Its codebook never has -128, whose magnitude is no int8. */
bool panelsFit(const Matrix& matrix) {
  const size_t groups = matrix.cols / kPanelGroupSize;
  const bool isQ4 = matrix.encoding == Encoding::q4Panels;
  if (matrix.cols % kPanelGroupSize != 0 || groups > SIZE_MAX / 1024) return false;
  for (uint32_t entries : matrix.codebook) {
    for (int shift = 0; shift < 32; shift += 8) {
      if ((entries >> shift & 0xff) == 0x80) return false;
    }
  }
  const size_t panels = matrix.rows / kPanelRows + (matrix.rows % kPanelRows != 0);
  return productIs(panels, panelScaleBytes(groups) + groups * panelGroupBytes(isQ4), matrix.values.length);
}

bool groupsFit(Array<int8_t> values, Array<float> scales, size_t groupSize) {
  return groupSize > 0 && groupSize <= kMaxGroupSize && multiple(values.length, groupSize) &&
         scales.length == values.length / groupSize;
}

}  // namespace

bool Matrix::valid() const {
  if (rows == 0 || cols == 0) return false;
  if (isInPanels()) return groupSize == kPanelGroupSize && scales.length == 0 && panelsFit(*this);
  if (!productIs(rows, cols, values.length)) return false;
  const auto isAligned = [](const Array<const uint8_t>& array, size_t to) {
    return reinterpret_cast<size_t>(array.data) % to == 0;
  };
  const auto hasScales = [&](size_t alignment) {
    return groupSize > 0 && groupSize <= kMaxGroupSize && cols % groupSize == 0 &&
           scales.length == values.length / groupSize && isAligned(scales, alignment);
  };
  switch (encoding) {
    case Encoding::f32: return groupSize == 0 && scales.length == 0 && isAligned(values, alignof(float));
    case Encoding::q8: return hasScales(alignof(float));
    case Encoding::q8Maxima: return hasScales(alignof(uint16_t));
    default: return false;
  }
}

bool EmbedArgs::valid() const {
  return indicesBelow(tokens, table.rows) && productIs(tokens.length, table.cols, out.length);
}

bool RmsNormArgs::valid() const {
  return multiple(x.length, weight.length) && out.length == x.length && epsilon >= 0 && epsilon < 1;
}

bool LinearArgs::valid() const {
  if (!multiple(x.length, cols()) || count == 0) return false;
  Words words = outputs;
  for (size_t i = 0; i < count && words.ok; i++) {
    const Output output(words);
    const Matrix& weight = output.weight;
    if (weight.cols != cols() || weight.groupSize != first.groupSize) return false;
    if (weight.quantizesActivations() != first.quantizesActivations()) return false;
    if (weight.isInPanels() != first.isInPanels()) return false;
    if (!productIs(rows(), weight.rows, output.out.length)) return false;
  }
  return words.ok;
}

bool RopeArgs::valid() const {
  if (headDim == 0 || headDim % 2 != 0 || sin.length != cos.length || !multiple(cos.length, headDim / 2)) return false;
  size_t rowUnit;
  if (__builtin_mul_overflow(positions.length, headDim, &rowUnit)) return false;
  return indicesBelow(positions, cos.length / (headDim / 2)) && multiple(x.length, rowUnit);
}

size_t CacheArgs::validRows() const {
  if (layer >= nLayers || nKvHeads == 0 || headDim == 0 || count == 0) return 0;
  Words words = segments;
  size_t rows = 0;
  for (size_t i = 0; i < count && words.ok; i++) {
    const Segment segment(words);
    if (!words.ok || segment.row != rows || segment.nRows == 0 || !cacheFits(segment, *this)) return 0;
    if (segment.nRows > segment.seqLen || segment.position > segment.seqLen - segment.nRows) return 0;
    rows += segment.nRows;
  }
  return words.ok ? rows : 0;
}

bool CacheArgs::validStore() const {
  const size_t rows = validRows();
  return rows > 0 && first.length % rows == 0 && productIs(nKvHeads, headDim, first.length / rows) &&
         second.length == first.length;
}

bool CacheArgs::validAttention() const {
  const size_t rows = validRows();
  size_t kvDim;
  if (rows == 0 || __builtin_mul_overflow(nKvHeads, headDim, &kvDim)) return false;
  return first.length % rows == 0 && multiple(first.length / rows, kvDim) && second.length == first.length;
}

bool GatherArgs::valid() const {
  return multiple(x.length, cols) && indicesBelow(rows, x.length / cols) && productIs(rows.length, cols, out.length);
}

bool SoftmaxArgs::valid() const {
  return multiple(logits.length, cols) && out.length == logits.length && temperature > 0 &&
         temperature <= 3.40282346638528859812e38f;
}

bool WidenArgs::valid() const { return holdsElements(source, out.length, dtype); }

bool QuantizeArgs::valid() const { return groupsFit(values, scales, groupSize) && x.length == values.length; }

bool QuantizeWeightsArgs::valid() const {
  return groupsFit(values, scales, groupSize) && largest.length == 1 && holdsElements(source, values.length, dtype);
}

bool QuantizePanelsArgs::valid() const {
  size_t count;
  return matrix.isInPanels() && largest.length == 1 && !__builtin_mul_overflow(matrix.rows, matrix.cols, &count) &&
         holdsElements(source, count, dtype);
}

}  // namespace kernels
