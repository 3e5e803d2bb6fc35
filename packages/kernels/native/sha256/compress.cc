#include "compress.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#else
#include <stdlib.h>
#endif

namespace kernels {

#if defined(__x86_64__)
namespace {

/** 64 constants: the fractional parts of the cube roots of the first 64 primes. */
alignas(16) constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

/** Four words of the message schedule from the sixteen before, oldest first. */
__m128i schedule(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3);
}

/** The instructions hold a state as the words a b e f and c d g h. They are in arrays, since structs would be kept in memory. */
template <int kLanes>
void compressLanes(uint32_t* const* states, const uint8_t* const* data, size_t blocks) {
  const __m128i bigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[kLanes], cdgh[kLanes];
  const uint8_t* next[kLanes];
  for (int lane = 0; lane < kLanes; lane++) {
    next[lane] = data[lane];
    const __m128i badc = _mm_shuffle_epi32(load(states[lane]), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(load(states[lane] + 4), 0x1b);
    abef[lane] = _mm_alignr_epi8(badc, hgfe, 8);
    cdgh[lane] = _mm_blend_epi16(hgfe, badc, 0xf0);
  }
  for (; blocks > 0; blocks--) {
    __m128i abefBefore[kLanes], cdghBefore[kLanes], message[kLanes][4];
    for (int lane = 0; lane < kLanes; lane++) {
      abefBefore[lane] = abef[lane];
      cdghBefore[lane] = cdgh[lane];
    }
#pragma GCC unroll 16
    for (int four = 0; four < 16; four++) {
#pragma GCC unroll 4
      for (int lane = 0; lane < kLanes; lane++) {
        __m128i* w = message[lane];
        if (four < 4) w[four] = _mm_shuffle_epi8(load(next[lane] + 16 * four), bigEndian);
        else w[four % 4] = schedule(w[four % 4], w[(four + 1) % 4], w[(four + 2) % 4], w[(four + 3) % 4]);
        const __m128i sum = _mm_add_epi32(w[four % 4], load(kRoundConstants + 4 * four));
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], sum);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(sum, 0x0e));
      }
    }
    for (int lane = 0; lane < kLanes; lane++) {
      abef[lane] = _mm_add_epi32(abef[lane], abefBefore[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], cdghBefore[lane]);
      next[lane] += kSha256BlockBytes;
    }
  }
  for (int lane = 0; lane < kLanes; lane++) {
    const __m128i feba = _mm_shuffle_epi32(abef[lane], 0x1b), dchg = _mm_shuffle_epi32(cdgh[lane], 0xb1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(states[lane]), _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(states[lane] + 4), _mm_alignr_epi8(dchg, feba, 8));
  }
}

}  // namespace

bool hasSha256() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kShaBit = 1u << 29;
  return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kShaBit) != 0;
}

void compressSha256(uint32_t* const* states, const uint8_t* const* data, size_t blocks, int lanes) {
  if (lanes == 1) compressLanes<1>(states, data, blocks);
  else if (lanes == 2) compressLanes<2>(states, data, blocks);
  else if (lanes == 3) compressLanes<3>(states, data, blocks);
  else compressLanes<4>(states, data, blocks);
}
#else
bool hasSha256() { return false; }

void compressSha256(uint32_t* const*, const uint8_t* const*, size_t, int) { abort(); }
#endif

}  // namespace kernels
