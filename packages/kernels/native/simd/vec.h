// Sixteen lanes of float32 or int32 as one, two or four registers.
//
// Arithmetic uses the vector extensions of GCC and Clang, so that each operation is one rounded instruction on every instruction
// set. A file that includes this defines VEC_BYTES, the width of a register, and is compiled with the flags of its own
// instruction set. Everything is in an anonymous namespace, so that the linker never mixes two instruction sets.
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
/** Keeps a loop rolled. Unrolled, all of its loads would come first, and V8 would spill most of them. */
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
/** Unrolls a loop where one register is sixteen lanes, and keeps it rolled where compilers would spill registers. */
#if VEC_BYTES == 64
#define UNROLL_IF_WIDE UNROLL
#elif defined(__clang__)
#define UNROLL_IF_WIDE _Pragma("clang loop unroll(disable)")
#else
#define UNROLL_IF_WIDE _Pragma("GCC unroll 1")
#endif
#define INLINE inline __attribute__((always_inline))
/** Keeps a hot loop in a function of its own: WebAssembly compilers leave large functions unoptimized. */
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

// Register by register: compilers would copy the whole struct in smaller pieces, which stalls the loads that follow.
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

/** All bits of the first `n` <= 16 lanes, no bit of the others: lanes that are rows of a matrix which ends among them. */
INLINE I16 firstLanes(size_t n) {
  alignas(64) static constexpr int32_t ones[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  return load16(ones + 16 - n);
}

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

}  // namespace
