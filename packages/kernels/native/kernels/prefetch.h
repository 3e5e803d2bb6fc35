// Prefetching weights that a single token reads once, in the order of the file.
#pragma once

#include <stddef.h>

#include "../simd/vec.h"
#include "../tuning.h"

namespace {

using kernels::Prefetch;

template <Prefetch kInto>
INLINE void prefetchInto(const void* p) {
  if (kInto == Prefetch::firstLevel) __builtin_prefetch(p, 0, 0);
  if (kInto == Prefetch::secondLevel) __builtin_prefetch(p, 0, 2);
  if (kInto == Prefetch::pageStarts && reinterpret_cast<uintptr_t>(p) % 4096 < 64) __builtin_prefetch(p, 0, 2);
}

/** f.operator()<into>(), for a choice that is known at run time only. */
template <class F>
INLINE auto withPrefetch([[maybe_unused]] Prefetch into, F f) {
#if defined(__wasm__)
  return f.template operator()<Prefetch::none>();  // WebAssembly cannot prefetch
#else
  switch (into) {
    case Prefetch::firstLevel: return f.template operator()<Prefetch::firstLevel>();
    case Prefetch::secondLevel: return f.template operator()<Prefetch::secondLevel>();
    case Prefetch::pageStarts: return f.template operator()<Prefetch::pageStarts>();
    default: return f.template operator()<Prefetch::none>();
  }
#endif
}

}  // namespace
