// x86-64 with AVX2 and F16C.
#define KERNELS_TABLE avx2Table
#define KERNELS_NAME "avx2"
#define VEC_BYTES 32
#include "../kernels/table.inl"
