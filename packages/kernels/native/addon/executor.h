// A persistent pool of threads that runs one program at a time and says when it is done.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "../program.h"

namespace kernels {

class Executor {
 public:
  /** `onDone` is called on a thread of the pool, once for each start. */
  Executor(const KernelTable& table, uint32_t threads, std::function<void()> onDone);
  ~Executor();

  /** Checks the program and hands it to the threads; returns the index of a wrong operation, then nothing runs, or -1. */
  int64_t start(const double* words, size_t count);
  void cancel() { shared_->cancelled.store(1); }
  bool nonFinite() const { return shared_->nonFinite.load() != 0; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  void work(uint32_t thread);

  const KernelTable& table_;
  const uint32_t threads_;
  const std::function<void()> onDone_;
  std::unique_ptr<Shared> shared_;
  /** Changes when there is something to do: the threads sleep on it. */
  Word generation_;
  bool stopping_ = false;
  const double* words_ = nullptr;
  size_t count_ = 0;
  Scratch scratch_ = {0, 0};
  std::unique_ptr<uint8_t, Free> memory_;
  size_t memoryBytes_ = 0;
  std::vector<std::thread> pool_;
};

}  // namespace kernels
