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
#define CODEBOOK_IN_PAIRS

/** The same without an instruction that shuffles bytes: a table of the two weights of a byte, for one byte after the other. */
class CodebookPairs {
 public:
  /** `entries` are sixteen int8. */
  explicit CodebookPairs(const uint32_t* entries) {
    uint8_t weights[16];
    memcpy(weights, entries, sizeof weights);
    for (size_t i = 0; i < 256; i++) pairs_[i] = (uint16_t)(weights[i % 16] | weights[i / 16] << 8);
  }
  /** Looks up `n` bytes: a pair of weights each, that of the low bits first. */
  INLINE void lookUp(uint16_t* pairs, const uint8_t* bytes, size_t n) const {
    for (size_t i = 0; i < n; i += 8) {
      UNROLL for (size_t k = 0; k < 8; k++) pairs[i + k] = pairs_[bytes[i + k]];
    }
  }
  /** The first weights of sixteen pairs, then the second. */
  static INLINE void split(vi* weights, const uint16_t* pairs) {
#if defined(__SSE2__)
    const __m128i a = loadAs<__m128i>(pairs), b = loadAs<__m128i>(pairs + 8), low = _mm_set1_epi16(0xff);
    weights[0] = (vi)_mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low));
    weights[1] = (vi)_mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
#else
    typedef uint8_t Bytes __attribute__((vector_size(16)));
    const Bytes a = loadAs<Bytes>(pairs), b = loadAs<Bytes>(pairs + 8);
    weights[0] = (vi)__builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    weights[1] = (vi)__builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#endif
  }

 private:
  uint16_t pairs_[256];
};

#endif

}  // namespace
