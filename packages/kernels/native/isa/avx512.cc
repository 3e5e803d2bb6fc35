// x86-64 with AVX-512 F, BW, DQ and VL.
#define KERNELS_TABLE avx512Table
#define KERNELS_NAME "avx512"
#define VEC_BYTES 64
#include "../kernels/table.inl"
