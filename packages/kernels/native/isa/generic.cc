// Any CPU: registers of 128 bits, which every 64-bit machine has (SSE2, NEON).
#define KERNELS_TABLE genericTable
#define KERNELS_NAME "generic"
#define VEC_BYTES 16
#include "../kernels/table.inl"
