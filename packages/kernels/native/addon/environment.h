// How threads end: with what owns them, with their environment, or with the process.
//
// - An owner that is closed or collected ends its threads itself.
// - An environment ends (the end of a program, worker.terminate(), process.exit() in a worker): Node runs cleanup hooks, the
//   newest first. One hook ends all threads of the environment. It must run before the hooks of whatever the threads use: those of
//   thread-safe functions and of external buffers free memory. So it is put on top again after each of them is made.
// - The process ends (process.exit() on the main thread, an uncaught error): no hook runs, nothing is destroyed, and the threads
//   go on until the system ends them. From the exit handler on they no longer call into Node, which is being taken down.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

namespace kernels {

/** An owner of threads. */
class ThreadOwner {
 public:
  virtual ~ThreadOwner() = default;
  /** Ends the threads and waits for that; on the environment's thread. Again: nothing. */
  virtual void end() noexcept = 0;
  /** Keeps the threads from calling into Node, without waiting for them; on any thread. */
  virtual void beQuiet() noexcept = 0;
};

/** The threads of one environment: of the main thread or of a worker. */
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /** Made with the addon in an environment. @throws StatusError, std::bad_alloc */
  static void open(napi_env env);
  static std::shared_ptr<Environment> of(napi_env env);

  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /** To be called once all that its threads use has been made. */
  void add(ThreadOwner& owner);
  void remove(ThreadOwner& owner) noexcept;
  /** Something that threads may use has been made: they end before it does. */
  void endThreadsFirst();

 private:
  friend void quietenAll() noexcept;
  static void onEnd(void* environment) noexcept;

  const napi_env env_;
  bool hasHook_ = false;
  std::vector<ThreadOwner*> owners_;
};

}  // namespace kernels
