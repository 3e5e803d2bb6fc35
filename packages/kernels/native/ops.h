// The program: what TypeScript asks for, as float64 words, and the arguments of each operation read from them.
//
// An operation is [opcode, number of words, arguments…]; an array is two words, address and length. The order of
// the arguments is that of src/program/encode.ts. `valid()` repeats the checks of src/check-calls.ts: a mistake on the
// other side of the boundary must end in an error, not in memory it does not own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sync.h"

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
};

constexpr size_t kMaxGroupSize = 1024;

template <class T>
struct Array {
  T* data;
  size_t length;
  SHARED_INLINE T* begin() const { return data; }
  SHARED_INLINE T* end() const { return data + length; }
};

/** Reads words one after the other; `ok` turns false at the first that cannot be what is asked for. */
class Words {
 public:
  SHARED_INLINE Words() = default;
  SHARED_INLINE Words(const double* at, const double* end) : at_(at), end_(end) {}
  bool ok = true;

  SHARED_INLINE double real() {
    if (at_ == end_) return ok = false, 0;
    return *at_++;
  }

  SHARED_INLINE size_t count() {
    constexpr double kMost = sizeof(size_t) == 4 ? 4294967295.0 : 9007199254740991.0;
    const double value = real();
    if (!(value >= 0 && value <= kMost) || value != (double)(size_t)value) return ok = false, 0;
    return (size_t)value;
  }

  template <class T>
  SHARED_INLINE Array<T> array() {
    const size_t address = count(), length = count();
    if (address % alignof(T) != 0 || (address == 0 && length > 0)) ok = false;
    return {reinterpret_cast<T*>(address), ok ? length : 0};
  }

 private:
  const double* at_ = nullptr;
  const double* end_ = nullptr;
};

/** F32: groupSize 0 and no scales. Scales are float32, or the bfloat16 (uint16) maxima of groups when `hasMaxima`. */
struct Matrix {
  size_t rows, cols, groupSize;
  Array<const uint8_t> values, scales;
  bool hasMaxima;

  SHARED_INLINE explicit Matrix(Words& words)
      : rows(words.count()),
        cols(words.count()),
        groupSize(words.count()),
        values(words.array<const uint8_t>()),
        scales(words.array<const uint8_t>()),
        hasMaxima(words.count() != 0) {
    words.ok = words.ok && valid();
  }
  SHARED_INLINE bool quantized() const { return groupSize != 0; }
  SHARED_INLINE const float* floats() const { return reinterpret_cast<const float*>(values.data); }
  SHARED_INLINE const int8_t* bytes() const { return reinterpret_cast<const int8_t*>(values.data); }

 private:
  bool valid() const;
};

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

/** The matrices follow one another in the words: `output()` reads the next. */
struct LinearArgs {
  struct Output {
    Array<float> out;
    Matrix weight;
    SHARED_INLINE explicit Output(Words& w) : out(w.array<float>()), weight(w) {}
  };
  Array<const float> x;
  size_t cols, groupSize, count;
  Words outputs;
  SHARED_INLINE explicit LinearArgs(Words& w)
      : x(w.array<const float>()), cols(w.count()), groupSize(w.count()), count(w.count()), outputs(w) {}
  SHARED_INLINE size_t rows() const { return x.length / cols; }
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
  /** float32, or half precision (uint16) when `half`. */
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

/** Store: `first` is the keys, `second` the values. Attention: the queries, and its output. */
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
  /** Rows of the batch, 0 when the segments are not valid. */
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

/** Of the elements of a checkpoint. */
enum class SourceDtype : size_t { f32, f16, bf16 };

struct WidenArgs {
  Array<float> out;
  Array<const uint8_t> source;
  SourceDtype dtype;
  SHARED_INLINE explicit WidenArgs(Words& w)
      : out(w.array<float>()), source(w.array<const uint8_t>()), dtype((SourceDtype)w.count()) {}
  bool valid() const;
};

/** Quantize: x to values and scales; dequantize: the other way. */
struct QuantizeArgs {
  Array<int8_t> values;
  Array<float> scales, x;
  size_t groupSize;
  SHARED_INLINE explicit QuantizeArgs(Words& w)
      : values(w.array<int8_t>()), scales(w.array<float>()), x(w.array<float>()), groupSize(w.count()) {}
  bool valid() const;
};

/** Source elements to values and scales, and largest = the largest |weight - value * scale|. */
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

struct MagnitudeArgs {
  Array<float> out;
  Array<const float> x;
  SHARED_INLINE explicit MagnitudeArgs(Words& w) : out(w.array<float>()), x(w.array<const float>()) {}
  bool valid() const { return out.length == 1; }
};

/** maxima[g] = the bfloat16 that over 127 is scales[g]; inexact = 1 where a scale has none. */
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
