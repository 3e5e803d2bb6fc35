#include "cpu.h"

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace kernels {

extern const KernelTable genericTable, avx2Table, avx512Table, avx512vnniTable, neonTable;

std::vector<const KernelTable*> supportedTables() {
  std::vector<const KernelTable*> tables;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && __builtin_cpu_supports("avx512vnni")) tables.push_back(&avx512vnniTable);
  if (avx512) tables.push_back(&avx512Table);
  if (avx2) tables.push_back(&avx2Table);
#elif defined(__aarch64__) && defined(__APPLE__)
  tables.push_back(&neonTable);  // every Apple CPU that runs Node has the dot product
#elif defined(__aarch64__) && defined(__linux__)
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) tables.push_back(&neonTable);
#endif
  tables.push_back(&genericTable);
  return tables;
}

}  // namespace kernels
