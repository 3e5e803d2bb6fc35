// How a pool notices that other programs use its cores: by the time that its threads lose at barriers.
//
// A thread that has no core makes all others wait at the next barrier, for as long as another program's time slice, and there are
// hundreds of barriers in a token. So the run goes on with half of the threads as soon as half of the recent time was lost.
#pragma once

#include "sync.h"

namespace kernels {

/** Shorter waits are usual where all threads have cores. */
constexpr uint32_t kLeastLoss = 200;
/** Microseconds that are lost before as many are computed, after which a run goes on with fewer threads. */
constexpr uint32_t kMostLost = 5000;
/** The same while more threads are tried again. */
constexpr uint32_t kMostLostInTrial = 2000;

/** Time lost at barriers. One thread at a time may use it: the last at a barrier, or the one that starts and ends runs. */
class Losses {
 public:
  void forget(bool isTrial) {
    isTrial_ = isTrial;
    lost_ = counted_ = 0;
  }

  /** Adds the microseconds between the first and the last arrival at a barrier. Returns whether too much is lost. */
  bool add(uint32_t waited, uint64_t now) {
    if (waited < kLeastLoss) return false;
    const uint32_t most = isTrial_ ? kMostLostInTrial : kMostLost;
    if (lost_ == 0 || now - begin_ > lost_ + waited + most) {
      lost_ = counted_ = 0;
      begin_ = now - waited;
    }
    lost_ += waited;
    // A single wait, however long, does not decide.
    const uint32_t counted = most / 5 * 4;
    counted_ += waited < counted ? waited : counted;
    return counted_ > most;
  }

 private:
  bool isTrial_ = false;
  /** Microseconds lost since `begin_`, and those of them that count. */
  uint32_t lost_ = 0, counted_ = 0;
  /** When the first of these waits began. */
  uint64_t begin_ = 0;
};

/** How many threads compute the next run. */
class ActiveThreads {
 public:
  explicit ActiveThreads(uint32_t threads) : threads_(threads), active_(threads) {}

  /** Threads of the run that begins. */
  uint32_t begin(uint64_t now, Losses& losses) {
    if (active_ < threads_ && now >= retryAt_ && now >= trialUntil_) {
      active_ = 2 * active_ < threads_ ? 2 * active_ : threads_;
      trialUntil_ = now + kTrial;
      losses.forget(true);
    } else if (trialUntil_ != 0 && now >= trialUntil_) {
      trialUntil_ = 0;
      losses.forget(false);
    }
    return active_;
  }

  /** Call it after a run with the threads that were left at its end. */
  void end(uint32_t active, uint64_t now, Losses& losses) {
    if (active >= active_) return;
    active_ = active;
    if (trialUntil_ == 0) pause_ = kFirstPause;
    else pause_ = 2 * pause_ < kLongestPause ? 2 * pause_ : kLongestPause;
    trialUntil_ = 0;
    retryAt_ = now + pause_;
    losses.forget(false);
  }

  /** Whether other programs use the cores, as far as is known. */
  bool areFewer() const { return active_ < threads_; }
  uint32_t count() const { return active_; }

 private:
  /** Microseconds before more threads are tried again: twice as long after each trial that fails. */
  static constexpr uint64_t kFirstPause = 100000, kLongestPause = 1000000;
  /** Microseconds that a trial lasts. */
  static constexpr uint64_t kTrial = 20000;

  const uint32_t threads_;
  uint32_t active_;
  uint64_t retryAt_ = 0, trialUntil_ = 0, pause_ = kFirstPause;
};

}  // namespace kernels
