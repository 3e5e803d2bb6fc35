// A persistent pool of threads that runs one program at a time and reports its end.
//
// The threads of a run wait for each other at barriers. If a thread ended during a run, the others would wait for ever. So a run
// always goes on to its end, which is soon after cancel(), and only then may the pool end.
//
// While other programs use the cores, fewer threads take part: busy.h.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "../program.h"

namespace kernels {

class Executor {
 public:
  /**
   * `onDone` is called on a thread of the pool, once per start; it must not throw.
   *
   * @throws std::system_error if the system starts fewer threads, std::bad_alloc
   */
  Executor(const KernelTable& table, const Tuning& tuning, uint32_t threads, std::function<void()> onDone);
  /** Cancels a run in progress and waits for its end. */
  ~Executor();

  /**
   * Checks the program and gives it to the threads. Returns -1, or the index of a wrong operation, in which case nothing runs.
   * No run may be in progress.
   *
   * @throws std::bad_alloc
   */
  int64_t start(const double* words, size_t count);
  /** Makes a run end at its next barrier, and its operations soon. */
  void cancel() { shared_->cancelled.store(1); }
  /** Whether a thread may still be computing. False from before `onDone` is called. */
  bool isRunning() const { return finished_.load() != started_.load(); }
  /** Threads that computed the end of the last run. */
  uint32_t activeThreads() const { return shared_->active.load(); }
  bool nonFinite() const { return shared_->nonFinite.load() != 0; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  void work(uint32_t thread);
  /** What thread 0 does after the last barrier of a run. */
  void finishRun();
  /** Ends the pool. No thread may be in a run. */
  void stop();

  const KernelTable& table_;
  const uint32_t threads_;
  const std::function<void()> onDone_;
  std::unique_ptr<Shared> shared_;
  /** What a thread of the pool sleeps on: it grows by one for each run of this thread, and for the end of the pool. */
  struct alignas(64) Turn {
    Word count;
  };
  const std::unique_ptr<Turn[]> turns_;
  /** Used by start(), and by thread 0 at the end of a run. */
  ActiveThreads active_;
  /** How often a thread without work checks for more before it sleeps. */
  Word idleSpins_;
  /** Runs that were started, and those that are over. */
  Word started_, finished_;
  /** Written while no run is in progress. */
  bool stopping_ = false;
  const double* words_ = nullptr;
  size_t count_ = 0;
  ScratchBytes scratch_ = {0, 0};
  std::unique_ptr<uint8_t, Free> memory_;
  size_t memoryBytes_ = 0;
  std::vector<std::thread> pool_;
};

}  // namespace kernels
