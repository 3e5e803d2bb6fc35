// The instruction sets that are compiled in and that this CPU has.
#pragma once

#include <vector>

#include "../table.h"

namespace kernels {

/** What CPUID says of an x86 CPU. */
struct CpuModel {
  /** "GenuineIntel", "AuthenticAMD"; empty on other CPUs. */
  char vendor[13];
  uint32_t family, model;
};

CpuModel cpuModel();

/** The kernels that this CPU can run, fastest first. */
std::vector<const KernelTable*> supportedTables();

}  // namespace kernels
