#include "executor.h"

#include <stdlib.h>

#include <new>
#include <utility>

#include "signals-blocked.h"

#if defined(_WIN32)
#include <malloc.h>
#endif
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace kernels {
namespace {

constexpr size_t kAlignment = 64;
/**
 * A thread without work looks this often for more before it sleeps: about a millisecond, so that the next token, of which
 * the caller's thread chooses the id meanwhile, finds it awake. It offers its core to that thread.
 */
constexpr int kIdleSpins = 20000;

/** Round to nearest even, no flush to zero, no trap: canonical arithmetic, whatever the creating thread had set. */
void resetFloatingPoint() {
#if defined(__x86_64__)
  _mm_setcsr(0x1f80);
#elif defined(__aarch64__)
  const uint64_t zero = 0;
  __asm__ volatile("msr fpcr, %0" : : "r"(zero));
#endif
}

uint8_t* allocateAligned(size_t bytes) {
#if defined(_WIN32)
  void* memory = _aligned_malloc(bytes, kAlignment);
#else
  void* memory = nullptr;
  if (posix_memalign(&memory, kAlignment, bytes) != 0) memory = nullptr;
#endif
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<uint8_t*>(memory);
}

}  // namespace

void Executor::Free::operator()(void* memory) const {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  free(memory);
#endif
}

Executor::Executor(const KernelTable& table, uint32_t threads, std::function<void()> onDone)
    : table_(table),
      threads_(threads),
      onDone_(std::move(onDone)),
      shared_(std::make_unique<Shared>()) {
  [[maybe_unused]] const SignalsBlocked blocked;
  pool_.reserve(threads);
  try {
    for (uint32_t i = 0; i < threads; i++) pool_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stop();
    throw;
  }
}

Executor::~Executor() {
  cancel();
  const uint32_t last = generation_.load();
  for (uint32_t done = finished_.load(); done != last; done = finished_.load()) finished_.waitWhile(done, 0);
  stop();
}

void Executor::stop() {
  stopping_ = true;
  generation_.add(1);
  generation_.wakeAll();
  for (std::thread& thread : pool_) thread.join();
}

int64_t Executor::start(const double* words, size_t count) {
  const Plan checked = plan(table_, words, count);
  if (checked.invalidOp >= 0) return checked.invalidOp;
  const size_t bytes = checked.scratch.common + threads_ * checked.scratch.perThread;
  if (bytes > memoryBytes_) {
    memory_.reset();
    memoryBytes_ = 0;
    memory_.reset(allocateAligned(bytes));
    memoryBytes_ = bytes;
  }
  words_ = words;
  count_ = count;
  scratch_ = checked.scratch;
  shared_->cancelled.store(0);
  shared_->nonFinite.store(0);
  generation_.add(1);
  generation_.wakeAll();
  return -1;
}

void Executor::work(uint32_t thread) {
  resetFloatingPoint();
  for (uint32_t seen = 0;; seen++) {
    // It grows by one at a time: no run ends, and so nothing follows it, without this thread.
    generation_.waitWhile(seen, kIdleSpins);
    if (stopping_) return;
    uint8_t* own = memory_.get() + scratch_.common + thread * scratch_.perThread;
    execute(table_, words_, count_, {thread, threads_, shared_.get(), memory_.get(), own});
    if (thread != 0) continue;
    // The last barrier has passed: no thread computes any more.
    finished_.store(seen + 1);
    finished_.wakeAll();
    onDone_();
  }
}

}  // namespace kernels
