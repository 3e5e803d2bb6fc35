// Stores sixteen int32 lanes as int16 or int8, which they fit. Compilers would translate __builtin_convertvector lane by lane.
#pragma once

#include "dot.h"

namespace {

#if VEC_BYTES == 64
INLINE void storeNarrow16(int16_t* p, I16 v) {
  _mm256_storeu_si256((__m256i*)p, _mm512_cvtepi32_epi16((__m512i)v.r[0]));
}
INLINE void storeNarrow16(int8_t* p, I16 v) { _mm_storeu_si128((__m128i*)p, _mm512_cvtepi32_epi8((__m512i)v.r[0])); }
#else

typedef int8_t Bytes16 __attribute__((vector_size(16)));
typedef int16_t Shorts8 __attribute__((vector_size(16)));

#if VEC_BYTES == 32
INLINE Shorts8 narrow(vi v) {
  return (Shorts8)_mm_packs_epi32(_mm256_castsi256_si128((__m256i)v), _mm256_extracti128_si256((__m256i)v, 1));
}
INLINE Shorts8 firstHalf(I16 v) { return narrow(v.r[0]); }
INLINE Shorts8 secondHalf(I16 v) { return narrow(v.r[1]); }
#else
INLINE Shorts8 narrow(vi a, vi b) {
#if defined(__SSE2__)
  return (Shorts8)_mm_packs_epi32((__m128i)a, (__m128i)b);
#else
  return __builtin_shufflevector((Shorts8)a, (Shorts8)b, 0, 2, 4, 6, 8, 10, 12, 14);
#endif
}
INLINE Shorts8 firstHalf(I16 v) { return narrow(v.r[0], v.r[1]); }
INLINE Shorts8 secondHalf(I16 v) { return narrow(v.r[2], v.r[3]); }
#endif

INLINE Bytes16 narrow(Shorts8 a, Shorts8 b) {
#if defined(__SSE2__)
  return (Bytes16)_mm_packs_epi16((__m128i)a, (__m128i)b);
#else
  return __builtin_shufflevector((Bytes16)a, (Bytes16)b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#endif
}

INLINE void storeNarrow16(int16_t* p, I16 v) {
  storeAs(p, firstHalf(v));
  storeAs(p + 8, secondHalf(v));
}
INLINE void storeNarrow16(int8_t* p, I16 v) { storeAs(p, narrow(firstHalf(v), secondHalf(v))); }
#endif

/** Stores the first `n` lanes, at most sixteen. */
template <class T>
INLINE void storeNarrow(T* p, I16 v, size_t n) {
  if (n >= 16) return storeNarrow16(p, v);
  T lanes[16];
  storeNarrow16(lanes, v);
  memcpy(p, lanes, n * sizeof(T));
}

}  // namespace
