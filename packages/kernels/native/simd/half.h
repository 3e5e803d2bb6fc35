// Conversion of half precision and bfloat16 to float32 and back, sixteen lanes at a time, exact or rounded half to even.
#pragma once

#include "dot.h"

namespace {

/** Sixteen half-precision values, widened to the low bits of int32 lanes. */
INLINE I16 loadBits16(const uint16_t* p) {
#if VEC_BYTES == 64
  return {{(vi)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p))}};
#elif VEC_BYTES == 32
#define E(i) (vi)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)(p + i * kLanes)))
  return EACH(E);
#undef E
#else
  typedef uint16_t Half __attribute__((vector_size(2 * kLanes)));
#define E(i) __builtin_convertvector(loadAs<Half>(p + i * kLanes), vi)
  return EACH(E);
#undef E
#endif
}

/** Widens any half, also infinities and NaN. A product with 2^112, which is exact, corrects the bias of the exponent. */
INLINE F16 halfBitsToFloat(I16 h) {
  I16 magnitude = (h & splat16(0x7fff)) << 13;
  F16 scaled = asFloat16(magnitude) * splat16(0x1p112f);
  F16 special = asFloat16(magnitude | splat16(0x7f800000));
  F16 unsign = select16(magnitude > splat16(0x7bff << 13), special, scaled);
  return asFloat16(bits16(unsign) | ((h & splat16(0x8000)) << 16));
}

INLINE F16 loadHalf16(const uint16_t* p) {
#if defined(__F16C__) && VEC_BYTES == 64
  return {{(vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p))}};
#elif defined(__F16C__) && VEC_BYTES == 32
  return {{(vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)),
           (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)(p + 8)))}};
#elif defined(__aarch64__)
#define E(i) (vf)vcvt_f32_f16(vreinterpret_f16_u16(loadAs<uint16x4_t>(p + i * kLanes)))
  return EACH(E);
#undef E
#else
  return halfBitsToFloat(loadBits16(p));
#endif
}

/** Sixteen half-precision scales. Infinities and NaN become infinities, which saves instructions where a conversion takes several. */
INLINE F16 loadScales16(const uint16_t* p) {
#if VEC_BYTES > 16 || defined(__aarch64__)
  return loadHalf16(p);
#else
  // The sign-extended half, shifted to where a float has its exponent, is 2^-112 times as large. 65536 and more, which stand for
  // infinities and NaN, overflow on the way.
  typedef int16_t Half __attribute__((vector_size(2 * kLanes)));
  F16 scales;
  UNROLL for (int i = 0; i < kRegs; i++) {
    const vi widened = __builtin_convertvector(loadAs<Half>(p + i * kLanes), vi);
    const vf number = (vf)((widened << 13) & splati((int32_t)0x8fffe000u));
    scales.r[i] = number * splatf(0x1p112f) * splatf(0x1p112f) * splatf(0x1p-112f);
  }
  return scales;
#endif
}

INLINE F16 loadBFloat16(const uint16_t* p) { return asFloat16(loadBits16(p) << 16); }

/** Clamped to ±65504, rounded half to even, subnormals kept; NaN stays NaN. */
INLINE void storeHalf16(uint16_t* p, F16 x, size_t n) {
  I16 bits = bits16(x), sign = (bits >> 16) & splat16(0x8000);
  I16 magnitude = min16(bits & splat16(0x7fffffff), bits16(splat16(65504.0f)));
  // A normal half: add half an ulp (less one if the result's last bit is even), rebias the exponent from 127 to 15.
  I16 odd = (magnitude >> 13) & splat16(1);
  I16 normal = (magnitude + splat16(0xfff - (112 << 23)) + odd) >> 13;
  // A subnormal half is a multiple of 2^-24: adding 0.5 lets the float addition round it to one.
  I16 subnormal = bits16(asFloat16(magnitude) + splat16(0.5f)) - bits16(splat16(0.5f));
  I16 isNormal = magnitude > splat16(0x387fffff);
  F16 number = select16(isNormal, asFloat16(normal), asFloat16(subnormal));
  I16 isNan = (bits & splat16(0x7fffffff)) > splat16(0x7f800000);
  I16 half = bits16(select16(isNan, asFloat16(splat16(0x7e00)), number)) | sign;
  int32_t lanes[16];
  store16(lanes, half);
  for (size_t i = 0; i < n; i++) p[i] = (uint16_t)lanes[i];
}

}  // namespace
