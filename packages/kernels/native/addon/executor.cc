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
 * How often a thread without work checks for more before it sleeps: about a millisecond, in which the caller's thread chooses the
 * next token, so that the next run finds the pool awake.
 */
constexpr uint32_t kIdleSpins = 20000;
/** The same while other programs use the cores: a thread that yields its core to one of them gets it back after a time slice. */
constexpr uint32_t kIdleSpinsIfBusy = kSpinsBeforeYield;

/** Sets what canonical arithmetic needs, independent of the creating thread: round to nearest even, no flush to zero, no trap. */
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

Executor::Executor(const KernelTable& table, const Tuning& tuning, uint32_t threads, std::function<void()> onDone)
    : table_(table),
      threads_(threads),
      onDone_(std::move(onDone)),
      shared_(std::make_unique<Shared>()),
      turns_(std::make_unique<Turn[]>(threads)),
      active_(threads) {
  shared_->tuning = tuning;
  idleSpins_.store(kIdleSpins);
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
  const uint32_t last = started_.load();
  for (uint32_t done = finished_.load(); done != last; done = finished_.load()) finished_.waitWhile(done, 0);
  stop();
}

void Executor::stop() {
  stopping_ = true;
  for (uint32_t i = 0; i < threads_; i++) {
    turns_[i].count.add(1);
    turns_[i].count.wakeAll();
  }
  for (std::thread& thread : pool_) thread.join();
}

int64_t Executor::start(const double* words, size_t count) {
  const Plan checked = plan(table_, shared_->tuning, words, count);
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
  const uint32_t active = active_.begin(nowMicroseconds(), shared_->losses);
  shared_->active.store(active);
  started_.add(1);
  for (uint32_t i = 0; i < active; i++) turns_[i].count.add(1);
  for (uint32_t i = 0; i < active; i++) turns_[i].count.wakeAll();
  return -1;
}

void Executor::finishRun() {
  for (uint32_t left = shared_->leaving.load(); left != 0; left = shared_->leaving.load()) shared_->leaving.waitWhile(left, kSpins);
  const uint32_t active = shared_->active.load();
  if (active < active_.count()) active_.end(active, nowMicroseconds(), shared_->losses);
  idleSpins_.store(active_.areFewer() ? kIdleSpinsIfBusy : kIdleSpins);
  finished_.add(1);
  finished_.wakeAll();
}

void Executor::work(uint32_t thread) {
  resetFloatingPoint();
  for (uint32_t seen = 0;; seen++) {
    // It grows by one at a time, since no run of this thread ends without this thread.
    turns_[thread].count.waitWhile(seen, idleSpins_.load());
    if (stopping_) return;
    uint8_t* own = memory_.get() + scratch_.common + thread * scratch_.perThread;
    execute(table_, words_, count_, {thread, shared_->active.load(), shared_.get(), memory_.get(), own});
    if (thread != 0) continue;
    // No thread computes after the last barrier.
    finishRun();
    onDone_();
  }
}

}  // namespace kernels
