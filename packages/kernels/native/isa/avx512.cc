// x86-64 with AVX-512 F, BW, DQ and VL.
#define KERNELS_NAME avx512
#define KERNELS_IS_SUPPORTED                                                  \
  __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&  \
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("f16c")
// Measured: the weights are read once for all rows, which is most of a pass.
#define KERNELS_ROW_COST 0.15
#define KERNELS_PREFERS_GROUP_MAXIMA true
#define VEC_BYTES 64
#include "../kernels/table.inl"
