// Atomics, sleeping and the barrier between threads: the part of the C++ library that WebAssembly lacks, and no more.
#pragma once

#include <stdint.h>

#if !defined(__wasm__)
#include <atomic>
#include <thread>
#endif

/**
 * Functions that files of several instruction sets share must be inlined: were one emitted in each, the linker would
 * keep a single copy, perhaps one made of instructions that this CPU lacks.
 */
#define SHARED_INLINE inline __attribute__((always_inline))

namespace kernels {

/** Turns of a thread that waits for others before it sleeps: some tens of microseconds. */
constexpr int kSpins = 4000;
/** After so many turns without success a thread offers its core, which those it waits for may need. */
constexpr int kTurnsBeforeYield = 100;

inline void relax([[maybe_unused]] int turn) {
#if !defined(__wasm__)
  if (turn >= kTurnsBeforeYield && turn % 8 == 0) return std::this_thread::yield();
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

  /** Returns once the word differs from `value`. */
  void waitWhile(uint32_t value, int spins) {
    for (int i = 0; i < spins; i++) {
      if (load() != value) return;
      relax(i);
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

/** Holds threads until all have come; the last one calls `beforeRelease` while the others are still held. */
class Barrier {
 public:
  template <class F>
  void arrive(uint32_t threads, F beforeRelease) {
    const uint32_t generation = generation_.load();
    if (arrived_.add(1) + 1 == threads) {
      arrived_.store(0);
      beforeRelease();
      generation_.add(1);
      generation_.wakeAll();
    } else {
      generation_.waitWhile(generation, kSpins);
    }
  }

 private:
  alignas(64) Word arrived_;
  alignas(64) Word generation_;
};

}  // namespace kernels
