// A persistent pool of threads that runs one program at a time and says when it is done.
//
// Every thread takes part in every run, since all meet at its barriers: a thread that left while others are in a run would keep
// them there for ever. So a run always comes to its end, which cancel() brings near, and only then may the pool end.
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
   * `onDone` is called on a thread of the pool, once for each start; it must not throw.
   *
   * @throws std::system_error when the system gives fewer threads, std::bad_alloc
   */
  Executor(const KernelTable& table, uint32_t threads, std::function<void()> onDone);
  /** Cancels a run that is under way and waits for its end. */
  ~Executor();

  /**
   * Checks the program and hands it to the threads; returns the index of a wrong operation, then nothing runs, or -1. No run
   * may be under way.
   *
   * @throws std::bad_alloc
   */
  int64_t start(const double* words, size_t count);
  /** Makes a run end at its next barrier, and its operations soon. */
  void cancel() { shared_->cancelled.store(1); }
  /** Whether a run was started and some thread may still compute. False before `onDone` is called. */
  bool isRunning() const { return finished_.load() != generation_.load(); }
  bool nonFinite() const { return shared_->nonFinite.load() != 0; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  void work(uint32_t thread);
  /** Ends the pool, of which no thread is in a run. */
  void stop();

  const KernelTable& table_;
  const uint32_t threads_;
  const std::function<void()> onDone_;
  std::unique_ptr<Shared> shared_;
  /** Grows when there is something to do, which is a run or the end: the threads sleep on it. */
  Word generation_;
  /** The generation of the last run that all threads have computed. */
  Word finished_;
  /** Written while no run is under way. */
  bool stopping_ = false;
  const double* words_ = nullptr;
  size_t count_ = 0;
  Scratch scratch_ = {0, 0};
  std::unique_ptr<uint8_t, Free> memory_;
  size_t memoryBytes_ = 0;
  std::vector<std::thread> pool_;
};

}  // namespace kernels
