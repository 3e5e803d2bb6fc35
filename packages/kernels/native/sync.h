// Atomic words that threads can sleep on, and a barrier. WebAssembly has no C++ library that would provide them.
#pragma once

#include <stdint.h>

#if !defined(__wasm__)
#include <atomic>
#include <chrono>
#include <thread>
#endif

/**
 * Marks functions that files of several instruction sets share. They must be inlined: if each file emitted one, the linker
 * would keep a single copy, which may contain instructions that this CPU lacks.
 */
#define SHARED_INLINE inline __attribute__((always_inline))

namespace kernels {

#if defined(__wasm__)
/** WebAssembly has no clock. */
SHARED_INLINE uint64_t nowMicroseconds() { return 0; }
#else
SHARED_INLINE uint64_t nowMicroseconds() {
  using namespace std::chrono;
  return (uint64_t)duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}
#endif

/** How often a thread at a barrier checks for the others before it sleeps, by default: some tens of microseconds. */
constexpr uint32_t kSpins = 4000;
/** After this many checks a waiting thread yields its core, which a thread that it waits for may need. */
constexpr uint32_t kSpinsBeforeYield = 100;

inline void pauseBetweenSpins([[maybe_unused]] uint32_t spin) {
#if !defined(__wasm__)
  if (spin >= kSpinsBeforeYield && spin % 8 == 0) return std::this_thread::yield();
#endif
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/** A 32-bit word that threads can sleep on. */
class Word {
 public:
  SHARED_INLINE uint32_t load() const { return __atomic_load_n(address(), __ATOMIC_SEQ_CST); }
  SHARED_INLINE void store(uint32_t value) { __atomic_store_n(address(), value, __ATOMIC_SEQ_CST); }
  SHARED_INLINE uint32_t add(uint32_t value) { return __atomic_fetch_add(address(), value, __ATOMIC_SEQ_CST); }

  /** Returns once the word differs from `value`; checks `spins` times before it sleeps. */
  void waitWhile(uint32_t value, uint32_t spins) {
    for (uint32_t i = 0; i < spins; i++) {
      if (load() != value) return;
      pauseBetweenSpins(i);
    }
    while (load() == value) {
#if defined(__wasm__)
      __builtin_wasm_memory_atomic_wait32((int32_t*)address(), (int32_t)value, -1);
#else
      word_.wait(value);
#endif
    }
  }

  void wakeAll() {
#if defined(__wasm__)
    __builtin_wasm_memory_atomic_notify((int32_t*)address(), UINT32_MAX);
#else
    word_.notify_all();
#endif
  }

 private:
#if defined(__wasm__)
  uint32_t word_ = 0;
  SHARED_INLINE uint32_t* address() const { return const_cast<uint32_t*>(&word_); }
#else
  static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free);
  std::atomic<uint32_t> word_{0};
  SHARED_INLINE uint32_t* address() const { return reinterpret_cast<uint32_t*>(const_cast<std::atomic<uint32_t>*>(&word_)); }
#endif
};

/** Makes threads wait until all have arrived; each checks `spins` times before it sleeps. */
class Barrier {
 public:
  /** The last of `threads` to arrive calls beforeRelease(microseconds since the first arrived) while the others wait. */
  template <class F>
  void arrive(uint32_t threads, uint32_t spins, F beforeRelease) {
    const uint32_t generation = generation_.load();
    // Two threads may both be first: then both times are right.
    if (arrived_.load() == 0) firstArrival_.store((uint32_t)nowMicroseconds());
    if (arrived_.add(1) + 1 == threads) {
      arrived_.store(0);
      beforeRelease((uint32_t)nowMicroseconds() - firstArrival_.load());
      generation_.add(1);
      generation_.wakeAll();
    } else {
      generation_.waitWhile(generation, spins);
    }
  }

 private:
  alignas(64) Word arrived_;
  Word firstArrival_;
  alignas(64) Word generation_;
};

}  // namespace kernels
