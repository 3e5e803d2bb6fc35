// Operations across lanes: shuffles, transposition, and the sums (in the order of sum16) and maxima of registers.
#pragma once

#include "vec.h"

namespace {

// ── Shuffles inside each 128-bit quarter, the same for int and float registers ──────────────────────────────────────

#if VEC_BYTES == 16
template <class T> INLINE T lo32(T x, T y) { return __builtin_shufflevector(x, y, 0, 4, 1, 5); }
template <class T> INLINE T hi32(T x, T y) { return __builtin_shufflevector(x, y, 2, 6, 3, 7); }
template <class T> INLINE T lo64(T x, T y) { return __builtin_shufflevector(x, y, 0, 1, 4, 5); }
template <class T> INLINE T hi64(T x, T y) { return __builtin_shufflevector(x, y, 2, 3, 6, 7); }
#elif VEC_BYTES == 32
template <class T> INLINE T lo32(T x, T y) { return __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13); }
template <class T> INLINE T hi32(T x, T y) { return __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15); }
template <class T> INLINE T lo64(T x, T y) { return __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13); }
template <class T> INLINE T hi64(T x, T y) { return __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15); }
/** [x.low, y.low] and [x.high, y.high] in halves of 128 bits. */
template <class T> INLINE T lo128(T x, T y) { return __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11); }
template <class T> INLINE T hi128(T x, T y) { return __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15); }
#else
template <class T> INLINE T lo32(T x, T y) {
  return __builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
template <class T> INLINE T hi32(T x, T y) {
  return __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
template <class T> INLINE T lo64(T x, T y) {
  return __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
template <class T> INLINE T hi64(T x, T y) {
  return __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
/** Quarters [x0 x1 y0 y1], [x2 x3 y2 y3], [x0 x2 y0 y2], [x1 x3 y1 y3]. */
template <class T> INLINE T q0101(T x, T y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}
template <class T> INLINE T q2323(T x, T y) {
  return __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
template <class T> INLINE T q0202(T x, T y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
template <class T> INLINE T q1313(T x, T y) {
  return __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
#endif

/** Lane i of quarter p becomes ((v0+v2)+(v1+v3)) of quarter p of row i: the last two steps of sum16 for four rows. */
template <class T>
INLINE T sumQuads(T a, T b, T c, T d) {
  T ab = lo32(a, b) + hi32(a, b), cd = lo32(c, d) + hi32(c, d);
  return lo64(ab, cd) + hi64(ab, cd);
}

/** Lane i = sum of the lanes of rows[i], folded by halves; rows holds kLanes registers. */
template <class T>
INLINE T sumRows(const T* rows) {
#if VEC_BYTES == 16
  return sumQuads(rows[0], rows[1], rows[2], rows[3]);
#elif VEC_BYTES == 32
  T t[4];
  UNROLL for (int i = 0; i < 4; i++) t[i] = lo128(rows[i], rows[i + 4]) + hi128(rows[i], rows[i + 4]);
  return sumQuads(t[0], t[1], t[2], t[3]);
#else
  T t[8], u[4];
  UNROLL for (int i = 0; i < 8; i++) {
    const int a = i < 4 ? i : i + 4;
    t[i] = q0101(rows[a], rows[a + 4]) + q2323(rows[a], rows[a + 4]);
  }
  UNROLL for (int i = 0; i < 4; i++) u[i] = q0202(t[i], t[i + 4]) + q1313(t[i], t[i + 4]);
  return sumQuads(u[0], u[1], u[2], u[3]);
#endif
}

/** Transposes kLanes rows of kLanes 32-bit values, in place. */
template <class T>
INLINE void transpose(T* r) {
  T t[kLanes];
  UNROLL for (int i = 0; i < kLanes; i += 4) {
    T a = lo32(r[i], r[i + 1]), b = hi32(r[i], r[i + 1]), c = lo32(r[i + 2], r[i + 3]), d = hi32(r[i + 2], r[i + 3]);
    t[i] = lo64(a, c), t[i + 1] = hi64(a, c), t[i + 2] = lo64(b, d), t[i + 3] = hi64(b, d);
  }
#if VEC_BYTES == 16
  UNROLL for (int i = 0; i < 4; i++) r[i] = t[i];
#elif VEC_BYTES == 32
  UNROLL for (int i = 0; i < 4; i++) r[i] = lo128(t[i], t[i + 4]), r[i + 4] = hi128(t[i], t[i + 4]);
#else
  UNROLL for (int i = 0; i < 4; i++) {
    T a = q0202(t[i], t[i + 4]), b = q1313(t[i], t[i + 4]);
    T c = q0202(t[i + 8], t[i + 12]), d = q1313(t[i + 8], t[i + 12]);
    r[i] = q0202(a, c), r[i + 4] = q0202(b, d), r[i + 8] = q1313(a, c), r[i + 12] = q1313(b, d);
  }
#endif
}

/** Folds the sixteen lanes of sum16 by halves until one register is left. */
INLINE vf foldToRegister(F16 v) {
#if VEC_BYTES == 16
  return (v.r[0] + v.r[2]) + (v.r[1] + v.r[3]);
#elif VEC_BYTES == 32
  return v.r[0] + v.r[1];
#else
  return v.r[0];
#endif
}

/** sum16's last step: lane[j] += lane[j+8], += lane[j+4], += lane[j+2], += lane[j+1]; lane 0. */
INLINE float fold16(F16 v) {
  float lane[16];
  memcpy(lane, &v, sizeof lane);
  UNROLL for (int width = 8; width > 0; width /= 2) {
    UNROLL for (int j = 0; j < width; j++) lane[j] = lane[j] + lane[j + width];
  }
  return lane[0];
}

INLINE int32_t sumLanes(I16 v) {
  int32_t lane[16], sum = 0;
  memcpy(lane, &v, sizeof lane);
  UNROLL for (int j = 0; j < 16; j++) sum += lane[j];
  return sum;
}

/** The largest lane. Folded by halves, since a loop over lanes would wait for each comparison. */
INLINE int32_t maxLane(I16 v) {
  typedef int32_t Quarter __attribute__((vector_size(16)));
  Quarter quarters[4];
  memcpy(quarters, &v, sizeof quarters);
  const auto larger = [](Quarter a, Quarter b) { return a > b ? a : b; };
  Quarter most = larger(larger(quarters[0], quarters[1]), larger(quarters[2], quarters[3]));
  most = larger(most, __builtin_shufflevector(most, most, 2, 3, 0, 1));
  most = larger(most, __builtin_shufflevector(most, most, 1, 0, 3, 2));
  return most[0];
}

}  // namespace
