// The words of a program: float64 numbers, which hold counts, addresses and float32 values exactly.
//
// An array is two words, its address and its length.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sync.h"

namespace kernels {

template <class T>
struct Array {
  T* data;
  size_t length;
  SHARED_INLINE T* begin() const { return data; }
  SHARED_INLINE T* end() const { return data + length; }
};

/** Reads words one after the other; `ok` becomes false at the first word that cannot be what is asked for. */
class Words {
 public:
  SHARED_INLINE Words() = default;
  SHARED_INLINE Words(const double* at, const double* end) : at_(at), end_(end) {}
  bool ok = true;

  SHARED_INLINE double real() {
    if (at_ == end_) return ok = false, 0;
    return *at_++;
  }

  SHARED_INLINE size_t count() {
    constexpr double kMost = sizeof(size_t) == 4 ? 4294967295.0 : 9007199254740991.0;
    const double value = real();
    if (!(value >= 0 && value <= kMost) || value != (double)(size_t)value) return ok = false, 0;
    return (size_t)value;
  }

  template <class T>
  SHARED_INLINE Array<T> array() {
    const size_t address = count(), length = count();
    if (address % alignof(T) != 0 || (address == 0 && length > 0)) ok = false;
    return {reinterpret_cast<T*>(address), ok ? length : 0};
  }

 private:
  const double* at_ = nullptr;
  const double* end_ = nullptr;
};

}  // namespace kernels
