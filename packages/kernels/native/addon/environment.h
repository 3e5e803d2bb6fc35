// How threads end: with their owner, with their environment, or with the process.
//
// - An owner that is closed or collected ends its threads itself.
// - An environment ends (the end of a program, worker.terminate(), process.exit() in a worker): Node runs cleanup hooks, and one
//   of them ends all threads of the environment. Node releases external buffers before that, during a run, so that their memory
//   is kept until no thread can use it.
// - The process ends (process.exit() on the main thread, an uncaught error): no hook runs, nothing is destroyed, and the threads
//   go on until the system ends them. From the exit handler on they no longer call into Node, which is shutting down.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

namespace kernels {

/** An owner of threads. */
class ThreadOwner {
 public:
  virtual ~ThreadOwner() = default;
  /** Ends the threads and waits until they have ended; on the environment's thread. A second call does nothing. */
  virtual void end() noexcept = 0;
  /** Keeps the threads from calling into Node, without waiting for them; on any thread. */
  virtual void beQuiet() noexcept = 0;
  /** Whether threads may use memory that JavaScript gave them; on the environment's thread. */
  virtual bool isBusy() const noexcept = 0;
};

/** Memory that Node has released and that threads may still use. */
struct Released {
  virtual ~Released() = default;
  std::unique_ptr<Released> next;
};

/** The threads of one environment: of the main thread or of a worker. */
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /** Called when an environment loads the addon. @throws StatusError, std::bad_alloc */
  static void open(napi_env env);
  static std::shared_ptr<Environment> of(napi_env env);

  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /** Call it after creating the thread-safe functions that the owner's threads call, so that their hooks run after ours. */
  void add(ThreadOwner& owner);
  void remove(ThreadOwner& owner) noexcept;
  /** Destroys the memory as soon as no owner is busy. */
  void release(std::unique_ptr<Released> memory) noexcept;
  /** Call it when an owner is no longer busy. */
  void destroyReleased() noexcept;

 private:
  friend void quietenAll() noexcept;
  static void onEnd(void* environment) noexcept;

  const napi_env env_;
  bool hasHook_ = false;
  std::vector<ThreadOwner*> owners_;
  std::unique_ptr<Released> released_;
};

}  // namespace kernels
