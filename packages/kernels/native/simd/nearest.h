// The nearest of sixteen numbers in ascending order, for sixteen values at once.
#pragma once

#include "dot.h"

namespace {

/** The entries of a codebook, and the thresholds halfway between neighbours, which are exact. */
class NearestEntry {
 public:
  /** `codebook` are sixteen int8, ascending. */
  explicit NearestEntry(const int8_t* codebook) {
    for (int k = 0; k < 16; k++) entries_[k] = codebook[k];
    for (int k = 0; k < 15; k++) thresholds_[k] = (entries_[k] + entries_[k + 1]) * 0.5f;
#if VEC_BYTES == 64
    table_ = load16(entries_);
    sorted_ = load16(thresholds_);
#elif VEC_BYTES == 32
    for (int i = 0; i < 8; i++) {
      quarters_[i] = thresholds_[i < 2 ? 3 : 11];
      eighths_[i] = thresholds_[(4 * i + 1) % 16];
      sixteenths_[i] = thresholds_[2 * i];
    }
#endif
  }

  /** The index of the entry nearest to each value, the lower index if two are equally near: the number of thresholds below it. */
  INLINE I16 indexOf(F16 x) const {
#if VEC_BYTES == 64
    // A binary search: after each of its steps, the index of the next threshold is one that the bits found so far name.
    const __m512 values = (__m512)x.r[0];
    const __m512i thresholds = (__m512i)(vi)sorted_.r[0];
    __m512i index = _mm512_setzero_si512();
    UNROLL for (int bit = 8; bit > 0; bit /= 2) {
      const __m512i at = _mm512_or_si512(index, _mm512_set1_epi32(bit - 1));
      const __m512 threshold = _mm512_castsi512_ps(_mm512_permutexvar_epi32(at, thresholds));
      const __mmask16 above = _mm512_cmp_ps_mask(values, threshold, _CMP_GT_OQ);
      index = _mm512_mask_or_epi32(index, above, index, _mm512_set1_epi32(bit));
    }
    return {{(vi)index}};
#elif VEC_BYTES == 32
#define E(i) (vi)search((__m256)x.r[i])
    return EACH(E);
#undef E
#else
    I16 index = splat16(0);
    UNROLL for (int k = 0; k < 15; k++) index = index - (x > splat16(thresholds_[k]));
    return index;
#endif
  }

  /** The entries at indices. */
  INLINE F16 at(I16 index) const {
#if VEC_BYTES == 64
    return {{(vf)_mm512_permutexvar_ps((__m512i)index.r[0], (__m512)table_.r[0])}};
#elif VEC_BYTES == 32
#define E(i) (vf)lookUp((__m256i)index.r[i])
    return EACH(E);
#undef E
#else
    F16 entry = splat16(entries_[0]);
    UNROLL for (int k = 1; k < 16; k++) entry = select16(index > splat16(k - 1), splat16(entries_[k]), entry);
    return entry;
#endif
  }

 private:
  alignas(64) float entries_[16], thresholds_[16] = {};
#if VEC_BYTES == 64
  F16 table_, sorted_;
#elif VEC_BYTES == 32
  // The thresholds of each step of a binary search, by the bits found before.
  alignas(32) float quarters_[8], eighths_[8], sixteenths_[8];

  INLINE __m256i search(__m256 x) const {
    const auto bitAbove = [&](__m256 threshold, int bit) {
      return _mm256_and_si256(_mm256_castps_si256(_mm256_cmp_ps(x, threshold, _CMP_GT_OQ)), _mm256_set1_epi32(bit));
    };
    const auto named = [&](const float* thresholds, __m256i index) {
      return _mm256_permutevar8x32_ps(_mm256_load_ps(thresholds), index);
    };
    __m256i index = bitAbove(_mm256_set1_ps(thresholds_[7]), 8);
    index = _mm256_or_si256(index, bitAbove(named(quarters_, _mm256_srli_epi32(index, 2)), 4));
    index = _mm256_or_si256(index, bitAbove(named(eighths_, _mm256_srli_epi32(index, 2)), 2));
    return _mm256_or_si256(index, bitAbove(named(sixteenths_, _mm256_srli_epi32(index, 1)), 1));
  }

  INLINE __m256 lookUp(__m256i index) const {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(entries_), index);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(entries_ + 8), index);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
  }
#endif
};

}  // namespace
