// WebAssembly with 128-bit SIMD.
#define KERNELS_TABLE wasmTable
#define KERNELS_NAME "wasm"
#define VEC_BYTES 16
#include "../kernels/table.inl"
