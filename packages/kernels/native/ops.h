// The operations of a program, and their arguments, which are read from float64 words.
//
// An operation is [opcode, number of words, arguments…]. src/program writes the words in the same order. `valid()` repeats the
// checks of src/check-calls.ts, so that a wrong program from JavaScript ends in an error and never reads or writes memory
// outside its arrays.
#pragma once

#include "matrix.h"

namespace kernels {

enum class Opcode : uint32_t {
  embed = 1,
  rmsNorm,
  linear,
  rope,
  store,
  attention,
  swiGlu,
  add,
  gather,
  softmax,
  widen,
  quantize,
  dequantize,
  xorAll,
  quantizeWeights,
  largestMagnitude,
  groupMaxima,
  quantizePanels,
};

constexpr size_t kMaxGroupSize = 1024;

struct EmbedArgs {
  Array<float> out;
  Matrix table;
  Array<const int32_t> tokens;
  SHARED_INLINE explicit EmbedArgs(Words& w) : out(w.array<float>()), table(w), tokens(w.array<const int32_t>()) {}
  bool valid() const;
};

struct RmsNormArgs {
  Array<float> out;
  Array<const float> x, weight;
  float epsilon;
  SHARED_INLINE explicit RmsNormArgs(Words& w)
      : out(w.array<float>()), x(w.array<const float>()), weight(w.array<const float>()), epsilon((float)w.real()) {}
  bool valid() const;
};

/** The outputs follow one another in the words: reading an `Output` from `outputs` moves on to the next. */
struct LinearArgs {
  struct Output {
    Array<float> out;
    Matrix weight;
    SHARED_INLINE explicit Output(Words& w) : out(w.array<float>()), weight(w) {}
  };
  Array<const float> x;
  size_t count;
  Words outputs;
  /** The other matrices have as many columns, and want the same activations. */
  Matrix first;
  SHARED_INLINE explicit LinearArgs(Words& w)
      : x(w.array<const float>()), count(w.count()), outputs(w), first(Output(w).weight) {}
  SHARED_INLINE size_t cols() const { return first.cols; }
  SHARED_INLINE size_t rows() const { return x.length / first.cols; }
  bool valid() const;
};

struct RopeArgs {
  Array<float> x;
  Array<const float> cos, sin;
  Array<const int32_t> positions;
  size_t headDim;
  SHARED_INLINE explicit RopeArgs(Words& w)
      : x(w.array<float>()),
        cos(w.array<const float>()),
        sin(w.array<const float>()),
        positions(w.array<const int32_t>()),
        headDim(w.count()) {}
  bool valid() const;
};

struct Segment {
  /** float32; half precision (uint16) if `half`. */
  Array<uint8_t> keys, values;
  bool half;
  size_t seqLen, row, nRows, position;
  SHARED_INLINE explicit Segment(Words& w)
      : keys(w.array<uint8_t>()),
        values(w.array<uint8_t>()),
        half(w.count() != 0),
        seqLen(w.count()),
        row(w.count()),
        nRows(w.count()),
        position(w.count()) {}
};

/** Arguments of `store` (`first` is the keys, `second` the values) and of `attention` (queries and output). */
struct CacheArgs {
  Array<float> first, second;
  size_t layer, nLayers, nKvHeads, headDim, count;
  Words segments;
  SHARED_INLINE explicit CacheArgs(Words& w)
      : first(w.array<float>()),
        second(w.array<float>()),
        layer(w.count()),
        nLayers(w.count()),
        nKvHeads(w.count()),
        headDim(w.count()),
        count(w.count()),
        segments(w) {}
  /** Rows of the batch; 0 if the segments are not valid. */
  size_t validRows() const;
  bool validStore() const;
  bool validAttention() const;
};

struct PairArgs {
  Array<float> x;
  Array<const float> y;
  SHARED_INLINE explicit PairArgs(Words& w) : x(w.array<float>()), y(w.array<const float>()) {}
  bool valid() const { return x.length == y.length; }
};

struct GatherArgs {
  Array<float> out;
  Array<const float> x;
  Array<const int32_t> rows;
  size_t cols;
  SHARED_INLINE explicit GatherArgs(Words& w)
      : out(w.array<float>()), x(w.array<const float>()), rows(w.array<const int32_t>()), cols(w.count()) {}
  bool valid() const;
};

struct SoftmaxArgs {
  Array<float> out;
  Array<const float> logits;
  size_t cols;
  float temperature;
  SHARED_INLINE explicit SoftmaxArgs(Words& w)
      : out(w.array<float>()), logits(w.array<const float>()), cols(w.count()), temperature((float)w.real()) {}
  bool valid() const;
};

/** Element types of a checkpoint. */
enum class SourceDtype : size_t { f32, f16, bf16 };

struct WidenArgs {
  Array<float> out;
  Array<const uint8_t> source;
  SourceDtype dtype;
  SHARED_INLINE explicit WidenArgs(Words& w)
      : out(w.array<float>()), source(w.array<const uint8_t>()), dtype((SourceDtype)w.count()) {}
  bool valid() const;
};

/** Arguments of `quantize`, from x to values and scales, and of `dequantize`, from values and scales to x. */
struct QuantizeArgs {
  Array<int8_t> values;
  Array<float> scales, x;
  size_t groupSize;
  SHARED_INLINE explicit QuantizeArgs(Words& w)
      : values(w.array<int8_t>()), scales(w.array<float>()), x(w.array<float>()), groupSize(w.count()) {}
  bool valid() const;
};

/** Source elements become values and scales; largest = the largest |weight - value * scale|. */
struct QuantizeWeightsArgs {
  Array<int8_t> values;
  Array<float> scales, largest;
  Array<const uint8_t> source;
  SourceDtype dtype;
  size_t groupSize;
  SHARED_INLINE explicit QuantizeWeightsArgs(Words& w)
      : values(w.array<int8_t>()),
        scales(w.array<float>()),
        largest(w.array<float>()),
        source(w.array<const uint8_t>()),
        dtype((SourceDtype)w.count()),
        groupSize(w.count()) {}
  bool valid() const;
};

/** Source elements (rows, cols) become the panels of a matrix; largest = the largest |weight - stored weight|. */
struct QuantizePanelsArgs {
  Matrix matrix;
  Array<float> largest;
  Array<const uint8_t> source;
  SourceDtype dtype;
  SHARED_INLINE explicit QuantizePanelsArgs(Words& w)
      : matrix(w), largest(w.array<float>()), source(w.array<const uint8_t>()), dtype((SourceDtype)w.count()) {}
  /** The bytes that are written: matrices of other operations are only read. */
  SHARED_INLINE uint8_t* panels() const { return const_cast<uint8_t*>(matrix.values.data); }
  bool valid() const;
};

struct MagnitudeArgs {
  Array<float> out;
  Array<const float> x;
  SHARED_INLINE explicit MagnitudeArgs(Words& w) : out(w.array<float>()), x(w.array<const float>()) {}
  bool valid() const { return out.length == 1; }
};

/** maxima[g] = the bfloat16 that divided by 127 is scales[g]; inexact = 1 if a scale has no such bfloat16. */
struct GroupMaximaArgs {
  Array<uint16_t> maxima;
  Array<int32_t> inexact;
  Array<const float> scales;
  SHARED_INLINE explicit GroupMaximaArgs(Words& w)
      : maxima(w.array<uint16_t>()), inexact(w.array<int32_t>()), scales(w.array<const float>()) {}
  bool valid() const { return maxima.length == scales.length && inexact.length == 1; }
};

struct XorArgs {
  Array<int32_t> out;
  Array<const int32_t> x;
  SHARED_INLINE explicit XorArgs(Words& w) : out(w.array<int32_t>()), x(w.array<const int32_t>()) {}
  bool valid() const { return out.length == 1; }
};

}  // namespace kernels
