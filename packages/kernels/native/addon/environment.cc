#include "environment.h"

#include <stdlib.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "node-api.h"

namespace kernels {

namespace {

/** All environments of the process. Never destroyed: threads outlive static objects. */
struct All {
  /** Guards the list, and the owners of each environment. */
  std::mutex mutex;
  std::vector<Environment*> environments;
};

}  // namespace

void quietenAll() noexcept;

static All& all() {
  static All* const instance = [] {
    atexit([] { quietenAll(); });
    return new All();
  }();
  return *instance;
}

void quietenAll() noexcept {
  const std::lock_guard<std::mutex> lock(all().mutex);
  for (Environment* environment : all().environments) {
    for (ThreadOwner* owner : environment->owners_) owner->beQuiet();
  }
}

void Environment::open(napi_env env) {
  auto holder = std::make_unique<std::shared_ptr<Environment>>(std::make_shared<Environment>(env));
  check(napi_set_instance_data(
      env, holder.get(), [](napi_env, void* data, void*) noexcept { delete static_cast<std::shared_ptr<Environment>*>(data); },
      nullptr));
  holder.release();
}

std::shared_ptr<Environment> Environment::of(napi_env env) {
  void* data;
  check(napi_get_instance_data(env, &data));
  return *static_cast<std::shared_ptr<Environment>*>(data);
}

Environment::Environment(napi_env env) : env_(env) {
  const std::lock_guard<std::mutex> lock(all().mutex);
  all().environments.push_back(this);
}

Environment::~Environment() {
  if (hasHook_) napi_remove_env_cleanup_hook(env_, onEnd, this);
  const std::lock_guard<std::mutex> lock(all().mutex);
  std::erase(all().environments, this);
}

void Environment::add(ThreadOwner& owner) {
  // Hooks run in reverse order of their registration: this one must be the newest.
  if (hasHook_) napi_remove_env_cleanup_hook(env_, onEnd, this);
  hasHook_ = napi_add_env_cleanup_hook(env_, onEnd, this) == napi_ok;
  if (!hasHook_) throw StatusError{napi_generic_failure};
  const std::lock_guard<std::mutex> lock(all().mutex);
  owners_.push_back(&owner);
}

void Environment::remove(ThreadOwner& owner) noexcept {
  const std::lock_guard<std::mutex> lock(all().mutex);
  std::erase(owners_, &owner);
}

void Environment::release(std::unique_ptr<Released> memory) noexcept {
  memory->next = std::move(released_);
  released_ = std::move(memory);
  destroyReleased();
}

void Environment::destroyReleased() noexcept {
  const bool isBusy = std::ranges::any_of(owners_, [](const ThreadOwner* owner) { return owner->isBusy(); });
  // In a loop: destroying the first would destroy the others recursively, and overflow the stack.
  while (!isBusy && released_ != nullptr) released_ = std::move(released_->next);
}

void Environment::onEnd(void* environment) noexcept {
  Environment& self = *static_cast<Environment*>(environment);
  self.hasHook_ = false;
  // Without the lock, because end() waits for threads. No JavaScript runs any more, so that no owner is added meanwhile.
  for (ThreadOwner* owner : self.owners_) owner->end();
  self.destroyReleased();
}

}  // namespace kernels
