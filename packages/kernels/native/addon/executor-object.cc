// new Executor(backend, threads, onDone, tuning): a pool of threads that run programs.
#include <string.h>

#include <functional>
#include <memory>

#include "cpu.h"
#include "environment.h"
#include "executor.h"
#include "objects.h"
#include "thread-callback.h"

namespace kernels {
namespace {

const KernelTable& tableOf(const std::string& backend) {
  for (const KernelTable* table : supportedTables()) {
    if (backend == table->name) return *table;
  }
  throw CodedError("BACKEND_UNSUPPORTED", "no such backend: " + backend);
}

/** The fields of Tuning, from a Uint32Array. */
Tuning tuningOf(const KernelTable& table, const TypedArray& fields) {
  Tuning tuning;
  if (fields.type != napi_uint32_array || fields.length * sizeof(uint32_t) != sizeof tuning) throw invalidArgument("no tuning");
  memcpy(&tuning, fields.data, sizeof tuning);
  const bool fits = tuning.prefetch <= Prefetch::pageStarts && tuning.streamTokens >= 1 &&
                    tuning.streamTokens <= table.tuning.streamTokens && tuning.shareBytes > 0;
  if (!fits) throw invalidArgument("tuning out of range");
  return tuning;
}

class ExecutorObject : public ThreadOwner {
 public:
  explicit ExecutorObject(const Call& call) : environment_(Environment::of(call.env)) {
    const KernelTable& table = tableOf(call.name(0));
    const uint32_t threads = call.uint32(1);
    if (threads < 1 || threads > kMaxThreads) throw invalidArgument("threads out of range");
    done_ = std::make_unique<ThreadCallback>(call.env, call.arguments[2], "kernels");
    const Tuning tuning = tuningOf(table, TypedArray(call.env, call.arguments[3]));
    executor_ = std::make_unique<Executor>(table, tuning, threads, [this] { done_->call(); });
    environment_->add(*this);
  }

  ~ExecutorObject() override {
    environment_->remove(*this);
    end();
    environment_->destroyReleased();
  }

  void end() noexcept override {
    executor_.reset();
    done_->release();
  }

  void beQuiet() noexcept override { done_->beQuiet(); }

  bool isBusy() const noexcept override { return executor_ != nullptr && executor_->isRunning(); }

  /** start(words, count): the index of a wrong operation; -1 if the threads run the program. */
  napi_value start(const Call& call) {
    const TypedArray words(call.env, call.arguments[0]);
    const size_t count = call.uint32(1);
    if (executor_ == nullptr || isBusy()) throw invalidArgument("the executor is closed or running");
    if (words.type != napi_float64_array || count == 0 || count > words.length) throw invalidArgument("nothing to start");
    const int64_t invalid = executor_->start(static_cast<const double*>(words.data), count);
    if (invalid < 0) done_->keepAlive(true);
    return numberValue(call.env, (double)invalid);
  }

  /** To be called after onDone. Until the next start, the pool does not keep the process alive. */
  napi_value nonFinite(const Call& call) {
    done_->keepAlive(false);
    environment_->destroyReleased();
    return booleanValue(call.env, executor_ != nullptr && executor_->nonFinite());
  }

  napi_value cancel(const Call&) {
    if (executor_ != nullptr) executor_->cancel();
    return nullptr;
  }

  napi_value close(const Call&) {
    end();
    environment_->destroyReleased();
    return nullptr;
  }

 private:
  const std::shared_ptr<Environment> environment_;
  std::unique_ptr<ThreadCallback> done_;
  /** Declared after `done_`, which its threads call, so that it is destroyed first. */
  std::unique_ptr<Executor> executor_;
};

}  // namespace

napi_value defineExecutor(napi_env env) {
  using Class = Wrapped<ExecutorObject>;
  return Class::define(env, "Executor",
                       {Class::method<&ExecutorObject::start>("start"), Class::method<&ExecutorObject::cancel>("cancel"),
                        Class::method<&ExecutorObject::nonFinite>("nonFinite"), Class::method<&ExecutorObject::close>("close")});
}

}  // namespace kernels
