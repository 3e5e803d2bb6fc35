// Dot products of panels: a 32-bit lane holds four int8 weights of one row.
#pragma once

#include "dot.h"

namespace {

/** Lanes of activations that four columns take. */
constexpr int kQuadLanes = 4 / kLaneValues;

/** Four weights of each row, in as many registers as `dot` takes them. */
struct Quads {
  vi part[kQuadLanes];
};

#if DOT_LANE_VALUES == 4

INLINE Quads quadsOf(vi weights) { return {{weights}}; }
INLINE vi sumOfQuads(vi sum) { return sum; }
/** Where a panel in scratch memory has them: four columns in a lane. */
INLINE Quads inColumnOrder(vi weights) { return {{weights}}; }

#else

/**
 * Columns 0 and 2 as int16, then columns 1 and 3, both times 256, which saves a shift each: a sum of 32 products with activations
 * still fits int32.
 */
INLINE Quads quadsOf(vi weights) { return {{(vi)((Wide)weights << 8), weights & inRegister((int32_t)0xff00ff00u)}}; }
/** The sum of products with `quadsOf`. */
INLINE vi sumOfQuads(vi sum) { return sum >> 8; }
/** Where a panel in scratch memory has them: columns 0 and 1 as int16 in one lane, 2 and 3 in the next. */
INLINE Quads inColumnOrder(vi weights) {
  const vi even = (vi)((Wide)((Wide)weights << 8) >> 8), odd = (vi)((Wide)weights >> 8);
  const vi low = splati(0xffff);
  return {{(even & low) | (odd << 16), ((even >> 16) & low) | (odd & ~low)}};
}

#endif

/** The order of four activations that are multiplied with `quadsOf`. */
INLINE void arrangeQuad(Activation* x) {
  if (kLaneValues == 4) return;
  const Activation second = x[1];
  x[1] = x[2];
  x[2] = second;
}

}  // namespace
