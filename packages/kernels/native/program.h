// Checks and computes a program of operations.
#pragma once

#include "table.h"

namespace kernels {

/** The result of checking a program. */
struct Plan {
  /** Index of the first operation whose arguments are wrong, or -1. */
  int64_t invalidOp;
  ScratchBytes scratch;
};

Plan plan(const KernelTable& table, const Tuning& tuning, const double* words, size_t count);

/** Computes a planned program on one thread of a run. Every thread of the run calls it with the same words. */
void execute(const KernelTable& table, const double* words, size_t count, Worker worker);

}  // namespace kernels
