// x86-64 with AVX-512 and its vector neural network instructions.
#define KERNELS_TABLE avx512vnniTable
#define KERNELS_NAME "avx512vnni"
#define VEC_BYTES 64
#define KERNELS_VNNI
#include "../kernels/table.inl"
