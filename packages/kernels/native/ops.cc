// The checks of each operation's arguments, before a thread touches an array.
#include "ops.h"

namespace kernels {
namespace {

/** found > 0 and a multiple of `of` > 0. */
bool multiple(size_t found, size_t of) { return found > 0 && of > 0 && found % of == 0; }

/** a * b = product, without overflow. */
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

/** Bytes of `count` elements of a checkpoint. */
bool holdsElements(Array<const uint8_t> source, size_t count, SourceDtype dtype) {
  return dtype <= SourceDtype::bf16 && productIs(count, dtype == SourceDtype::f32 ? 4 : 2, source.length);
}

bool groupsFit(Array<int8_t> values, Array<float> scales, size_t groupSize) {
  return groupSize > 0 && groupSize <= kMaxGroupSize && multiple(values.length, groupSize) &&
         scales.length == values.length / groupSize;
}

}  // namespace

bool Matrix::valid() const {
  if (rows == 0 || cols == 0 || !productIs(rows, cols, values.length)) return false;
  const auto isAligned = [](const Array<const uint8_t>& array, size_t to) {
    return reinterpret_cast<size_t>(array.data) % to == 0;
  };
  if (!quantized()) return isAligned(values, alignof(float));
  if (!isAligned(scales, hasMaxima ? alignof(uint16_t) : alignof(float))) return false;
  return groupSize <= kMaxGroupSize && cols % groupSize == 0 && scales.length == values.length / groupSize;
}

bool EmbedArgs::valid() const {
  return indicesBelow(tokens, table.rows) && productIs(tokens.length, table.cols, out.length);
}

bool RmsNormArgs::valid() const {
  return multiple(x.length, weight.length) && out.length == x.length && epsilon >= 0 && epsilon < 1;
}

bool LinearArgs::valid() const {
  if (!multiple(x.length, cols) || count == 0) return false;
  Words words = outputs;
  for (size_t i = 0; i < count && words.ok; i++) {
    const Output output(words);
    const Matrix& weight = output.weight;
    if (weight.cols != cols || weight.groupSize != groupSize) return false;
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

}  // namespace kernels
