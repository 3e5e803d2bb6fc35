// The integer dot product of each instruction set: 32-bit lanes that sum two or four products of small integers.
//
// With instructions that multiply four pairs of bytes (VNNI, NEON dot product, relaxed SIMD) a lane takes four weights and four int8 activations.
// Without them weights are widened to int16 and a lane takes two (vpmaddubsw would saturate). In both cases a lane is four
// bytes of activations, so that the kernels are the same and only these constants differ.
#pragma once

#include "vec.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace {

/** A constant in every lane, for inner loops: V8 would make others anew in each iteration. */
INLINE vi inRegister(int32_t lane) {
#if defined(__wasm__)
  asm("" : "+r"(lane));
#endif
  return splati(lane);
}

#if defined(KERNELS_VNNI)
#define DOT_LANE_VALUES 4
constexpr bool kHasCorrections = true;
/** vpdpbusd multiplies unsigned by signed: 128 is added to the weights, and 128 * sum(x) of the group is subtracted later. */
INLINE I16 correctionOf(I16 x) { return splat16(0) - (x << 7); }
INLINE vi biased(vi w) { return w ^ splati((int32_t)0x80808080u); }
INLINE vi loadWeights(const int8_t* p) { return biased(loadAs<vi>(p)); }
INLINE vi dot(vi acc, vi w, vi x) { return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, (__m512i)x); }

#elif defined(KERNELS_NEON)
#define DOT_LANE_VALUES 4
constexpr bool kHasCorrections = false;
INLINE vi biased(vi w) { return w; }
INLINE vi loadWeights(const int8_t* p) { return loadAs<vi>(p); }
INLINE vi dot(vi acc, vi w, vi x) { return (vi)vdotq_s32((int32x4_t)acc, (int8x16_t)w, (int8x16_t)x); }

#elif defined(__wasm_relaxed_simd__)
#define DOT_LANE_VALUES 4
constexpr bool kHasCorrections = true;
/**
 * Relaxed products of bytes are exact while one factor is 0 to 127, so |x| is that factor, and weights of negative x are
 * complemented: (-w - 1) * |x| = w * x - |x|. The |x| of negative x are added later.
 */
INLINE I16 correctionOf(I16 x) { return max16(splat16(0), splat16(0) - x); }
INLINE vi biased(vi w) { return w; }
INLINE vi loadWeights(const int8_t* p) { return loadAs<vi>(p); }
INLINE vi dot(vi acc, vi w, vi x) {
  const v128_t zeros = (v128_t)inRegister(0);
  const v128_t signedWeights = wasm_v128_xor((v128_t)w, wasm_i8x16_gt(zeros, (v128_t)x));
  const v128_t magnitudes = wasm_i8x16_abs((v128_t)x);
#if defined(KERNELS_RELAXED_PAIRS)
  // Without an instruction that adds four products, engines compose one of more instructions than these.
  const v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(signedWeights, magnitudes);
  return acc + (vi)wasm_i32x4_dot_i16x8(pairs, (v128_t)inRegister(0x00010001));
#else
  return (vi)wasm_i32x4_relaxed_dot_i8x16_i7x16_add(signedWeights, magnitudes, (v128_t)acc);
#endif
}

#else
#define DOT_LANE_VALUES 2
constexpr bool kHasCorrections = false;
INLINE vi biased(vi w) { return w; }
typedef int8_t Narrow __attribute__((vector_size(VEC_BYTES / 2)));
typedef int16_t Wide __attribute__((vector_size(VEC_BYTES)));
INLINE vi loadWeights(const int8_t* p) {
#if VEC_BYTES == 64
  return (vi)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i*)p));
#elif VEC_BYTES == 32
  return (vi)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)p));
#elif defined(__wasm_simd128__)
  return (vi)wasm_i16x8_load8x8(p);
#elif defined(__SSE2__)
  __m128i bytes = _mm_loadl_epi64((const __m128i*)p);
  return (vi)_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
#else
  return (vi)__builtin_convertvector(loadAs<Narrow>(p), Wide);
#endif
}
INLINE vi dot(vi acc, vi w, vi x) {
#if VEC_BYTES == 64
  return acc + (vi)_mm512_madd_epi16((__m512i)w, (__m512i)x);
#elif VEC_BYTES == 32
  return acc + (vi)_mm256_madd_epi16((__m256i)w, (__m256i)x);
#elif defined(__wasm_simd128__)
  return acc + (vi)wasm_i32x4_dot_i16x8((v128_t)w, (v128_t)x);
#elif defined(__SSE2__)
  return acc + (vi)_mm_madd_epi16((__m128i)w, (__m128i)x);
#else
  return acc + ((w << 16) >> 16) * ((x << 16) >> 16) + (w >> 16) * (x >> 16);
#endif
}
#endif

#if !defined(KERNELS_VNNI) && !defined(__wasm_relaxed_simd__)
/** What an activation adds to the correction of its group, which is added to the dot products of the group. */
INLINE I16 correctionOf(I16) { return splat16(0); }
#endif

/** Values (weights, or activations) in one 32-bit lane. */
constexpr int kLaneValues = DOT_LANE_VALUES;
/** Weights one register holds. */
constexpr int kDotWeights = kLanes * kLaneValues;

#if DOT_LANE_VALUES == 4
typedef int8_t Activation;
#else
typedef int16_t Activation;
#endif

}  // namespace
