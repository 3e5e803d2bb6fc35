// A codebook of sixteen int8 values, looked up for every byte of a register at once.
#pragma once

#include "dot.h"

namespace {

#if VEC_BYTES > 16 || defined(__aarch64__) || defined(__wasm_simd128__) || defined(__SSSE3__)

/** The weights of 4-bit indices, as `dot` takes them. */
class Codebook {
 public:
  /** `entries` are sixteen int8. */
  explicit Codebook(const uint32_t* entries) {
    UNROLL for (int i = 0; i < VEC_BYTES; i += 16) memcpy(reinterpret_cast<uint8_t*>(&table_) + i, entries, 16);
    table_ = biased(table_);
  }
  /** The weight of each byte, which is 0 to 15. */
  INLINE vi at(vi indices) const {
#if VEC_BYTES == 64
    return (vi)_mm512_shuffle_epi8((__m512i)table_, (__m512i)indices);
#elif VEC_BYTES == 32
    return (vi)_mm256_shuffle_epi8((__m256i)table_, (__m256i)indices);
#elif defined(__aarch64__)
    return (vi)vqtbl1q_u8((uint8x16_t)table_, (uint8x16_t)indices);
#elif defined(__wasm_relaxed_simd__)
    return (vi)wasm_i8x16_relaxed_swizzle((v128_t)table_, (v128_t)indices);
#elif defined(__wasm_simd128__)
    return (vi)wasm_i8x16_swizzle((v128_t)table_, (v128_t)indices);
#else
    return (vi)_mm_shuffle_epi8((__m128i)table_, (__m128i)indices);
#endif
  }

 private:
  vi table_;
};

#else

/** The same without an instruction that shuffles bytes: four rounds of choosing between two weights by a bit of the index. */
class Codebook {
 public:
  explicit Codebook(const uint32_t* entries) {
    int8_t weights[16];
    memcpy(weights, entries, sizeof weights);
    UNROLL for (int i = 0; i < 8; i++) {
      first_[i] = weights[2 * i] - Bytes{};
      difference_[i] = first_[i] ^ (weights[2 * i + 1] - Bytes{});
    }
  }
  INLINE vi at(vi indices) const {
    const auto hasBit = [&](int8_t bit) { return (Bytes)(((Bytes)indices & (bit - Bytes{})) != Bytes{}); };
    Bytes chosen[8], isSet = hasBit(1);
    UNROLL for (int i = 0; i < 8; i++) chosen[i] = first_[i] ^ (difference_[i] & isSet);
    UNROLL for (int round = 1; round < 4; round++) {
      isSet = hasBit((int8_t)(1 << round));
      UNROLL for (int i = 0; i < 8 >> round; i++) {
        chosen[i] = chosen[2 * i] ^ ((chosen[2 * i] ^ chosen[2 * i + 1]) & isSet);
      }
    }
    return (vi)chosen[0];
  }

 private:
  typedef int8_t Bytes __attribute__((vector_size(VEC_BYTES)));
  Bytes first_[8], difference_[8];
};

#endif

}  // namespace
