// The instruction sets compiled in, and which of them this CPU has.
#pragma once

#include <vector>

#include "../table.h"

namespace kernels {

/** What this CPU can run, fastest first. */
std::vector<const KernelTable*> supportedTables();

}  // namespace kernels
