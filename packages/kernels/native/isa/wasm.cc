// WebAssembly with 128-bit SIMD. Its row cost and preferences are those of src/wasm/wasm-kernels.ts.
#define KERNELS_NAME wasm
#define KERNELS_IS_SUPPORTED true
#define KERNELS_ROW_COST 1
#define KERNELS_PREFERS_GROUP_MAXIMA false
#define VEC_BYTES 16
#include "../kernels/table.inl"
