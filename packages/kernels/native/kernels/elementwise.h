// Row and element kernels: RMSNorm, RoPE, SwiGLU, sum, softmax, and the largest magnitude.
#pragma once

#include "../simd/across-lanes.h"
#include "../simd/exp.h"
#include "../simd/narrow.h"
#include "scales.h"

namespace {

using namespace kernels;

/** Elements of one unit of work: they take a few microseconds, so that sharing them is worth a barrier. */
constexpr size_t kUnitElements = 4096;

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t unitsOf(size_t n, size_t unit) { return (n + unit - 1) / unit; }
constexpr size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

/** f(begin, end) for each unit of `n` elements that this thread takes. */
template <class F>
INLINE void forElements(const Worker& worker, size_t n, size_t unitElements, F f) {
  const size_t units = unitsOf(n, unitElements);
  for (size_t unit; (unit = worker.next(units)) < units;) {
    f(unit * unitElements, smaller(n, (unit + 1) * unitElements));
  }
}

/** f(i, count) for the elements [i, i + count): sixteen at a time, then the rest of `n`. */
template <class F>
INLINE void forSixteens(size_t n, F f) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) f(i, 16);
  if (i < n) f(i, n - i);
}

/** f(row) for each of `n` rows that this thread takes. */
template <class F>
INLINE void forRows(const Worker& worker, size_t n, F f) {
  for (size_t row; (row = worker.next(n)) < n;) f(row);
}

/** x[i] = f(x[i], y[i]) for i in [begin, end). */
template <class F>
INLINE void mapPair(float* x, const float* y, size_t begin, size_t end, F f) {
  for (size_t i = begin; i < end; i += 16) {
    const size_t n = end - i;
    storeUpTo16(x + i, f(loadUpTo16(x + i, n), loadUpTo16(y + i, n)), n);
  }
}

void rmsNorm(const RmsNormArgs& args, const Worker& worker) {
  const size_t dim = args.weight.length;
  forRows(worker, args.x.length / dim, [&](size_t row) {
    const float* x = args.x.data + row * dim;
    F16 sum = splat16(0.0f);
    for (size_t i = 0; i < dim; i += 16) {
      const F16 v = loadUpTo16(x + i, dim - i);
      sum = sum + v * v;
    }
    const float mean = fold16(sum) / (float)dim;
    const F16 r = splat16(1.0f / __builtin_sqrtf(mean + args.epsilon));
    for (size_t i = 0; i < dim; i += 16) {
      const size_t n = dim - i;
      const F16 normed = loadUpTo16(args.weight.data + i, n) * (r * loadUpTo16(x + i, n));
      storeUpTo16(args.out.data + row * dim + i, normed, n);
    }
  });
}

void rope(const RopeArgs& args, const Worker& worker) {
  const size_t pairs = args.headDim / 2, rowLength = args.x.length / args.positions.length;
  forRows(worker, args.positions.length, [&](size_t row) {
    const float* cos = args.cos.data + (size_t)args.positions.data[row] * pairs;
    const float* sin = args.sin.data + (size_t)args.positions.data[row] * pairs;
    float* x = args.x.data + row * rowLength;
    for (float* end = x + rowLength; x < end; x += args.headDim) {
      for (size_t i = 0; i < pairs; i++) {
        const float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = a * cos[i] - b * sin[i];
        x[2 * i + 1] = a * sin[i] + b * cos[i];
      }
    }
  });
}

void swiGlu(const PairArgs& args, const Worker& worker) {
  forElements(worker, args.x.length, kUnitElements, [&](size_t begin, size_t end) {
    mapPair(args.x.data, args.y.data, begin, end, [](F16 gate, F16 up) {
      const F16 negated = asFloat16(bits16(gate) ^ splat16((int32_t)0x80000000u));
      return gate / (splat16(1.0f) + exp16(negated)) * up;
    });
  });
}

void add(const PairArgs& args, const Worker& worker) {
  forElements(worker, args.x.length, kUnitElements, [&](size_t begin, size_t end) {
    mapPair(args.x.data, args.y.data, begin, end, [](F16 x, F16 y) { return x + y; });
  });
}

/** Bits without the sign: as integers they order like magnitudes, with NaN above all, on every instruction set. */
INLINE I16 magnitudeBits(F16 x) { return bits16(x) & splat16(0x7fffffff); }

/** Sets the float32 at p to the larger of itself and `bits`, both without a sign; threads may do so concurrently. */
INLINE void raiseTo(float* p, int32_t bits) {
  int32_t* word = reinterpret_cast<int32_t*>(p);
  int32_t found = __atomic_load_n(word, __ATOMIC_SEQ_CST);
  while (found < bits && !__atomic_compare_exchange_n(word, &found, bits, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
}

void largestMagnitude(const MagnitudeArgs& args, const Worker& worker) {
  I16 most = splat16(0);
  forElements(worker, args.x.length, 16 * kUnitElements, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += 16) most = max16(most, magnitudeBits(loadUpTo16(args.x.data + i, end - i)));
  });
  raiseTo(args.out.data, maxLane(most));
}

INLINE bool anyBit(I16 v) {
  int32_t lanes[16], all = 0;
  store16(lanes, v);
  for (int32_t lane : lanes) all |= lane;
  return all != 0;
}

void groupMaxima(const GroupMaximaArgs& args, const Worker& worker) {
  I16 differing = splat16(0);
  forElements(worker, args.scales.length, 16 * kUnitElements, [&](size_t begin, size_t end) {
    forSixteens(end - begin, [&](size_t i, size_t count) {
      const F16 scale = loadUpTo16(args.scales.data + begin + i, count);
      const I16 maximum = roundToBFloat16(scale * splat16(kLargestValue));
      storeNarrow(reinterpret_cast<int16_t*>(args.maxima.data) + begin + i, maximum, count);
      differing = differing | (bits16(scalesOfMaxima(asFloat16(maximum << 16))) ^ bits16(scale));
    });
  });
  if (anyBit(differing)) __atomic_store_n(args.inexact.data, 1, __ATOMIC_SEQ_CST);
}

/** x[0..n) = exp(x - max) / sum16; returns the sum. x has room for n rounded up to 16; the rest becomes zeros. */
INLINE float softmaxPadded(float* x, size_t n) {
  const size_t padded = (n + 15) / 16 * 16;
  for (size_t i = n; i < padded; i++) x[i] = -__builtin_inff();  // exp makes it +0, which changes no sum
  F16 most = load16(x);
  for (size_t i = 16; i < padded; i += 16) most = max16(load16(x + i), most);
  float lanes[16], max;
  store16(lanes, most);
  max = lanes[0];
  for (int j = 1; j < 16; j++) max = lanes[j] > max ? lanes[j] : max;
  F16 sum = splat16(0.0f);
  for (size_t i = 0; i < padded; i += 16) {
    const F16 e = exp16(load16(x + i) - splat16(max));
    sum = sum + e;
    store16(x + i, e);
  }
  const float total = fold16(sum);
  for (size_t i = 0; i < padded; i += 16) store16(x + i, load16(x + i) / splat16(total));
  return total;
}

INLINE bool finite(float x) { return __builtin_fabsf(x) <= 3.40282346638528859812e38f; }

void softmax(const SoftmaxArgs& args, const Worker& worker) {
  const size_t cols = args.cols;
  forRows(worker, args.out.length / cols, [&](size_t row) {
    const float* logits = args.logits.data + row * cols;
    float* out = args.out.data + row * cols;
    const F16 temperature = splat16(args.temperature);
    for (size_t i = 0; i < cols; i += 16) {
      storeUpTo16(out + i, loadUpTo16(logits + i, cols - i) / temperature, cols - i);
    }
    // The last block is computed in a copy, since `out` has no room for its padding.
    const size_t whole = cols / 16 * 16, rest = cols - whole;
    float max = out[0];
    for (size_t i = 1; i < cols; i++) max = out[i] > max ? out[i] : max;
    F16 sum = splat16(0.0f);
    const F16 most = splat16(max);
    for (size_t i = 0; i < whole; i += 16) {
      const F16 e = exp16(load16(out + i) - most);
      sum = sum + e;
      store16(out + i, e);
    }
    if (rest > 0) {
      float last[16];
      for (size_t i = 0; i < 16; i++) last[i] = i < rest ? out[whole + i] : -__builtin_inff();
      const F16 e = exp16(load16(last) - most);
      sum = sum + e;
      storeUpTo16(out + whole, e, rest);
    }
    const float total = fold16(sum);
    for (size_t i = 0; i < cols; i += 16) {
      storeUpTo16(out + i, loadUpTo16(out + i, cols - i) / splat16(total), cols - i);
    }
    if (!finite(total)) worker.shared->nonFinite.store(1);
  });
}

}  // namespace
