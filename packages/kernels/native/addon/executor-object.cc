// new Executor(backend, threads, onDone): the threads that compute.
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

class ExecutorObject : public ThreadOwner {
 public:
  explicit ExecutorObject(const Call& call) : environment_(Environment::of(call.env)) {
    const KernelTable& table = tableOf(call.name(0));
    const uint32_t threads = call.uint32(1);
    if (threads < 1 || threads > kMaxThreads) throw invalidArgument("threads out of range");
    done_ = std::make_unique<ThreadCallback>(call.env, call.arguments[2], "kernels");
    executor_ = std::make_unique<Executor>(table, threads, [this] { done_->call(); });
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

  /** start(words, count): the index of an invalid operation, or -1 when the threads are at work. */
  napi_value start(const Call& call) {
    const TypedArray words(call.env, call.arguments[0]);
    const size_t count = call.uint32(1);
    if (executor_ == nullptr || isBusy()) throw invalidArgument("the executor is closed or at work");
    if (words.type != napi_float64_array || count == 0 || count > words.length) throw invalidArgument("nothing to start");
    const int64_t invalid = executor_->start(static_cast<const double*>(words.data), count);
    if (invalid < 0) done_->keepAlive(true);
    return numberValue(call.env, (double)invalid);
  }

  /** onDone has been called: until the next start nothing keeps the process alive. */
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
  /** Ends before what it calls. */
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
