// 64-bit Arm with the dot product extension.
#define KERNELS_TABLE neonTable
#define KERNELS_NAME "neon"
#define VEC_BYTES 16
#define KERNELS_NEON
#include "../kernels/table.inl"
