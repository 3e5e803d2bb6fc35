// Any CPU: registers of 128 bits, which every 64-bit machine has (SSE2, NEON).
#define KERNELS_NAME generic
#define KERNELS_IS_SUPPORTED true
// Measured: arithmetic takes longer than reading the weights, so that a second row costs more than a pass.
#define KERNELS_ROW_COST 1
#define KERNELS_PREFERS_GROUP_MAXIMA false
#define VEC_BYTES 16
#include "../kernels/table.inl"
