// The canonical exp of docs/arithmetic.md, sixteen lanes at a time.
#pragma once

#include "vec.h"

namespace {

/** 2^n for n in -126 … 127. */
INLINE F16 powerOfTwo(I16 n) { return asFloat16((n + splat16(127)) << 23); }

INLINE F16 exp16(F16 x) {
  const F16 rounder = splat16(12582912.0f);
  F16 n = (x * splat16(1.44269504f) + rounder) - rounder;
  F16 r = (x - n * splat16(0.693359375f)) - n * splat16(-2.12194440e-4f);
  F16 p = splat16(1.9875691500e-4f);
  p = p * r + splat16(1.3981999507e-3f);
  p = p * r + splat16(8.3334519073e-3f);
  p = p * r + splat16(4.1665795894e-2f);
  p = p * r + splat16(1.6666665459e-1f);
  p = p * r + splat16(5.0000001201e-1f);
  F16 y = (p * (r * r) + r) + splat16(1.0f);
  // Lanes outside the range below are replaced at the end; zero there keeps the integer conversion defined.
  I16 tooLow = splat16(-103.97208404541016f) > x, tooHigh = x > splat16(88.72283172607422f);
  F16 zero = splat16(0.0f);
  I16 inRange = (x > splat16(-104.0f)) & (splat16(89.0f) > x);
  I16 ni = toInt16(select16(inRange, n, zero)), h = ni >> 1;
  F16 result = (y * powerOfTwo(h)) * powerOfTwo(ni - h);
  result = select16(tooLow, zero, result);
  result = select16(tooHigh, splat16(__builtin_inff()), result);
  return result;
}

}  // namespace
