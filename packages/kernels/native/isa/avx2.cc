// x86-64 with AVX2 and F16C.
#define KERNELS_NAME avx2
#define KERNELS_IS_SUPPORTED __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c")
// Measured: the second row costs more than those that follow.
#define KERNELS_ROW_COST 0.4
#define KERNELS_PREFERS_GROUP_MAXIMA true
#define VEC_BYTES 32
#include "../kernels/table.inl"
