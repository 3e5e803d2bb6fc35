#include "cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

// The build lists the instruction sets that it compiles: scripts/build/compile-native.mjs.
#if !defined(KERNELS_INSTRUCTION_SETS)
#error "expected -DKERNELS_INSTRUCTION_SETS(SET)=SET(NAME) …"
#endif

namespace kernels {

#define DECLARE(name) extern const KernelTable name##Table;
KERNELS_INSTRUCTION_SETS(DECLARE)
#undef DECLARE

CpuModel cpuModel() {
  CpuModel cpu = {};
#if defined(__x86_64__)
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d) == 0) return cpu;
  memcpy(cpu.vendor, &b, 4);
  memcpy(cpu.vendor + 4, &d, 4);
  memcpy(cpu.vendor + 8, &c, 4);
  __get_cpuid(1, &a, &b, &c, &d);
  const uint32_t baseFamily = a >> 8 & 15;
  cpu.family = baseFamily == 15 ? baseFamily + (a >> 20 & 255) : baseFamily;
  cpu.model = (a >> 4 & 15) | (baseFamily == 6 || baseFamily == 15 ? (a >> 12 & 0xf0) : 0);
#endif
  return cpu;
}

std::vector<const KernelTable*> supportedTables() {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  std::vector<const KernelTable*> tables;
#define ADD(name) \
  if (name##Table.isSupported()) tables.push_back(&name##Table);
  KERNELS_INSTRUCTION_SETS(ADD)
#undef ADD
  return tables;
}

}  // namespace kernels
