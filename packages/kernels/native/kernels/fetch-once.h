// Fetching weights that are met once in a pass, by a single token, as they lie in the file.
#pragma once

#include <stddef.h>

#include "../simd/vec.h"

namespace {

/** So much is fetched ahead of its use: as far as the first-level cache holds it until then. */
constexpr size_t kAheadBytes = 8192;

/** Through the first-level cache alone: what is met once drives nothing out of the others. */
INLINE void fetchOnce(const void* p) { __builtin_prefetch(p, 0, 0); }

}  // namespace
