// x86-64 with AVX-512 VNNI and the int8 tiles of AMX. Only prompts are computed with tiles: few tokens wait for memory.
#define VEC_BYTES 64
#define KERNELS_VNNI
#define KERNELS_AMX
#include "../kernels/linear.h"

#if defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

/** Whether this CPU has tiles of int8, and the system lets this process use them, which has to be asked for. */
__attribute__((target("no-avx"))) bool hasTiles() {
#if defined(__linux__)
  constexpr unsigned kTileAndInt8 = 1u << 24 | 1u << 25;  // of CPUID leaf 7, EDX
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(2): ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTileAndInt8) != kTileAndInt8) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

namespace kernels {

extern const KernelTable avx512vnniTable, amxTable;
/** The table of AVX-512 VNNI, which is initialized before any code runs, with other linear layers. */
const KernelTable amxTable = [] {
  KernelTable table = avx512vnniTable;
  table.name = "amx";
  table.isSupported = hasTiles;
  table.linearScratch = linearScratch;
  table.linearQuantize = linearQuantize;
  table.linear = ::linear;
  return table;
}();

}  // namespace kernels
