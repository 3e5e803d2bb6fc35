// x86-64 with AVX-512 and its vector neural network instructions.
#define KERNELS_NAME avx512vnni
#define KERNELS_IS_SUPPORTED                                                  \
  __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&  \
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && \
      __builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx512vnni")
// Measured: the weights are read once for all rows, which is most of a pass.
#define KERNELS_ROW_COST 0.09
#define KERNELS_PREFERS_GROUP_MAXIMA true
#define VEC_BYTES 64
#define KERNELS_VNNI
#include "../kernels/table.inl"
