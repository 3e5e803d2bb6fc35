// Sixteen lanes of float32 or int32 as one, two or four registers, and the few shuffles the kernels need.
//
// Arithmetic is written with the vector extensions of GCC and Clang, so that each operation is one rounded instruction
// on every instruction set. A file that includes this defines VEC_BYTES, the width of a register, and is compiled with
// the flags of its own instruction set; everything lives in an anonymous namespace so that no two widths meet.
#pragma once

#include <stddef.h>
#include <stdint.h>
#if defined(__wasm__)
// There is no C library: the compiler turns these into instructions.
extern "C" void* memcpy(void* to, const void* from, size_t bytes);
extern "C" void* memset(void* to, int value, size_t bytes);
#else
#include <string.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#if defined(__wasm__)
/** A loop that stays one: unrolled, its loads would all come first, and V8 spill most of them. */
#define ROLLED _Pragma("clang loop unroll(disable)")
#define SOMEWHAT_UNROLLED ROLLED
#else
#define ROLLED UNROLL
#if defined(__clang__)
#define SOMEWHAT_UNROLLED _Pragma("clang loop unroll_count(4)")
#else
#define SOMEWHAT_UNROLLED _Pragma("GCC unroll 4")
#endif
#endif
#define INLINE inline __attribute__((always_inline))
/** A hot loop in a function of its own: WebAssembly's compiler leaves functions that grew too large unoptimized. */
#define OUTLINE __attribute__((noinline))

namespace {

typedef float vf __attribute__((vector_size(VEC_BYTES)));
typedef int32_t vi __attribute__((vector_size(VEC_BYTES)));

/** Lanes of a register. */
constexpr int kLanes = VEC_BYTES / 4;
/** Registers that make sixteen lanes. */
constexpr int kRegs = 16 / kLanes;

struct F16 {
  vf r[kRegs];
};
struct I16 {
  vi r[kRegs];
};

#if VEC_BYTES == 64
#define EACH(E) {{E(0)}}
#elif VEC_BYTES == 32
#define EACH(E) {{E(0), E(1)}}
#else
#define EACH(E) {{E(0), E(1), E(2), E(3)}}
#endif

template <class T>
INLINE T loadAs(const void* p) {
  T v;
  memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
INLINE void storeAs(void* p, T v) {
  memcpy(p, &v, sizeof v);
}

INLINE vf splatf(float x) { return x - (vf){}; }
INLINE vi splati(int32_t x) { return x - (vi){}; }

// Register by register: compilers copy the whole struct in smaller pieces, and then wait for these to be read back.
#define E(i) loadAs<vf>(p + i * kLanes)
INLINE F16 load16(const float* p) { return EACH(E); }
#undef E
#define E(i) loadAs<vi>(p + i * kLanes)
INLINE I16 load16(const int32_t* p) { return EACH(E); }
#undef E
INLINE void store16(float* p, F16 v) {
  UNROLL for (int i = 0; i < kRegs; i++) storeAs(p + i * kLanes, v.r[i]);
}
INLINE void store16(int32_t* p, I16 v) {
  UNROLL for (int i = 0; i < kRegs; i++) storeAs(p + i * kLanes, v.r[i]);
}

#define E(i) splatf(x)
INLINE F16 splat16(float x) { return EACH(E); }
#undef E
#define E(i) splati(x)
INLINE I16 splat16(int32_t x) { return EACH(E); }
#undef E

/** The first `n` < 16 values at p, then zeros; reads nothing past them. */
INLINE F16 loadPart16(const float* p, size_t n) {
  F16 v = splat16(0.0f);
  memcpy(&v, p, n * 4);
  return v;
}
INLINE F16 loadUpTo16(const float* p, size_t n) { return n >= 16 ? load16(p) : loadPart16(p, n); }
INLINE void storeUpTo16(float* p, F16 v, size_t n) {
  if (n >= 16) store16(p, v);
  else memcpy(p, &v, n * 4);
}

#define OPERATOR(T, op)                  \
  INLINE T operator op(T a, T b) {       \
    return EACH(E_);                     \
  }
#define E_(i) a.r[i] + b.r[i]
OPERATOR(F16, +) OPERATOR(I16, +)
#undef E_
#define E_(i) a.r[i] - b.r[i]
OPERATOR(F16, -) OPERATOR(I16, -)
#undef E_
#define E_(i) a.r[i] * b.r[i]
OPERATOR(F16, *)
#undef E_
#define E_(i) a.r[i] / b.r[i]
OPERATOR(F16, /)
#undef E_
#define E_(i) a.r[i] & b.r[i]
OPERATOR(I16, &)
#undef E_
#define E_(i) a.r[i] | b.r[i]
OPERATOR(I16, |)
#undef E_
#define E_(i) a.r[i] ^ b.r[i]
OPERATOR(I16, ^)
#undef E_
#undef OPERATOR

#define E(i) a.r[i] << n
INLINE I16 operator<<(I16 a, int n) { return EACH(E); }
#undef E
#define E(i) a.r[i] >> n
INLINE I16 operator>>(I16 a, int n) { return EACH(E); }
#undef E
#define E(i) (vi)(a.r[i] > b.r[i])
INLINE I16 operator>(F16 a, F16 b) { return EACH(E); }
INLINE I16 operator>(I16 a, I16 b) { return EACH(E); }
#undef E
#define E(i) a.r[i] > b.r[i] ? a.r[i] : b.r[i]
INLINE F16 max16(F16 a, F16 b) { return EACH(E); }
INLINE I16 max16(I16 a, I16 b) { return EACH(E); }
#undef E
#define E(i) a.r[i] < b.r[i] ? a.r[i] : b.r[i]
INLINE I16 min16(I16 a, I16 b) { return EACH(E); }
#undef E
#define E(i) (vf)((mask.r[i] & (vi)a.r[i]) | (~mask.r[i] & (vi)b.r[i]))
/** a where the mask is all ones, b where it is zero. */
INLINE F16 select16(I16 mask, F16 a, F16 b) { return EACH(E); }
#undef E
#define E(i) (vi)a.r[i]
INLINE I16 bits16(F16 a) { return EACH(E); }
#undef E
#define E(i) (vf)a.r[i]
INLINE F16 asFloat16(I16 a) { return EACH(E); }
#undef E
#define E(i) __builtin_convertvector(a.r[i], vf)
/** Rounded to nearest even; exact below 2^24. */
INLINE F16 toFloat16(I16 a) { return EACH(E); }
#undef E
#define E(i) __builtin_convertvector(a.r[i], vi)
/** Towards zero. */
INLINE I16 toInt16(F16 a) { return EACH(E); }
#undef E

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

/** Transposes kLanes rows of kLanes 32-bit values in place. */
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

/** The sixteen lanes of sum16 folded by halves to those of one register. */
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

/** Folded by halves: one after the other, each lane would wait for the one before. */
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
