// 64-bit Arm with the dot product extension.
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define KERNELS_IS_SUPPORTED (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0
#elif defined(__APPLE__)
#define KERNELS_IS_SUPPORTED true  // every Apple CPU that runs Node has it
#else
#define KERNELS_IS_SUPPORTED false
#endif
#define KERNELS_NAME neon
// Not measured.
#define KERNELS_ROW_COST 0.25
#define KERNELS_PREFERS_GROUP_MAXIMA false
#define VEC_BYTES 16
#define KERNELS_NEON
#include "../kernels/table.inl"
