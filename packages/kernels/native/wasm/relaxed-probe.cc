// A module of its own, a few hundred bytes: whether the relaxed instructions of this engine give exact results, and which of two
// ways to multiply bytes is faster. src/wasm/choose-module.ts calls it.
#include <stdint.h>
#include <wasm_simd128.h>

namespace {

constexpr int kRegisters = 8;

/** Arguments and results of `compute`, then weights to multiply. */
struct Data {
  v128_t signedBytes, sevenBits, indices, sums;
  v128_t added, paired, lookedUp;
  v128_t weights[64];
};

Data data = {};

v128_t multiplyAdd(v128_t w, v128_t x, v128_t sums) { return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, x, sums); }

v128_t multiplyPairs(v128_t w, v128_t x, v128_t sums) {
  const v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(w, x);
  int32_t ones = 0x00010001;
  asm("" : "+r"(ones));
  return wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(pairs, wasm_i32x4_splat(ones)));
}

/** Multiplies all weights `repetitions` times. */
template <class Multiply>
void multiply(uint32_t repetitions, Multiply multiply) {
  v128_t sums[kRegisters] = {};
  const v128_t x = data.sevenBits;
  for (uint32_t i = 0; i < repetitions; i++) {
    for (uint32_t k = 0; k < sizeof data.weights / sizeof(v128_t); k += kRegisters) {
#pragma clang loop unroll(full)
      for (int r = 0; r < kRegisters; r++) sums[r] = multiply(data.weights[k + r], x, sums[r]);
      asm volatile("" ::: "memory");
    }
  }
  for (v128_t sum : sums) data.sums = wasm_v128_xor(data.sums, sum);
}

}  // namespace

#define EXPORT(name) extern "C" __attribute__((export_name(name)))

EXPORT("address") const void* address() { return &data; }

EXPORT("compute") void compute() {
  data.added = multiplyAdd(data.signedBytes, data.sevenBits, data.sums);
  data.paired = multiplyPairs(data.signedBytes, data.sevenBits, data.sums);
  data.lookedUp = wasm_i8x16_relaxed_swizzle(data.signedBytes, data.indices);
}

EXPORT("add") void add(uint32_t repetitions) { multiply(repetitions, multiplyAdd); }

EXPORT("pairs") void pairs(uint32_t repetitions) { multiply(repetitions, multiplyPairs); }
