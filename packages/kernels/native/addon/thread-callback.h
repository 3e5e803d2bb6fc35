// A JavaScript function that other threads call.
#pragma once

#include <mutex>

#include "node-api.h"

namespace kernels {

class ThreadCallback {
 public:
  ThreadCallback(napi_env env, napi_value function, const char* name) : env_(env) {
    napi_value resource;
    check(napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource));
    check(napi_create_threadsafe_function(env, function, nullptr, resource, 0, 1, nullptr, nullptr, nullptr, run, &function_));
    keepAlive(false);
  }
  ~ThreadCallback() { release(); }
  ThreadCallback(const ThreadCallback&) = delete;
  ThreadCallback& operator=(const ThreadCallback&) = delete;

  /** Runs the callback on the environment's thread. May be called on any thread. */
  void call() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Node refuses the call if the environment is ending; no JavaScript waits for it then.
    if (!isQuiet_) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }

  /** Makes call() do nothing from now on; on any thread. */
  void beQuiet() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    isQuiet_ = true;
  }

  /** Sets whether this keeps the process alive, which it does not at first; on the environment's thread. */
  void keepAlive(bool yes) noexcept {
    if (isReleased_) return;
    if (yes) napi_ref_threadsafe_function(env_, function_);
    else napi_unref_threadsafe_function(env_, function_);
  }

  /** Frees the callback. Call it on the environment's thread; a second call does nothing. */
  void release() noexcept {
    beQuiet();
    if (isReleased_) return;
    isReleased_ = true;
    napi_release_threadsafe_function(function_, napi_tsfn_release);
  }

 private:
  /** On the environment's thread. `env` is null if the environment is ending. */
  static void run(napi_env env, napi_value function, void*, void*) noexcept {
    napi_value receiver;
    if (env == nullptr || function == nullptr || napi_get_undefined(env, &receiver) != napi_ok) return;
    // An exception of the function stays pending, and Node reports it. If the environment is ending, Node refuses the call.
    napi_call_function(env, receiver, function, 0, nullptr, nullptr);
  }

  const napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  bool isReleased_ = false;
  std::mutex mutex_;
  bool isQuiet_ = false;
};

}  // namespace kernels
