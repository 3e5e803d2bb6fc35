// The Node-API surface: supportedBackends, addressOf, detach, Executor and, where files can be mapped, FileMemory, and
// where the CPU has instructions for it, Sha256Streams.
// It is private to src/native, which checks arguments; here they are checked again where memory is at stake.
#include <napi.h>
#include <string.h>

#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "../sha256/streams.h"
#include "cpu.h"
#include "executor.h"
#if !defined(_WIN32)
#include "file-memory.h"
#endif

namespace kernels {
namespace {

Napi::Value supportedBackends(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const KernelTable* table : supportedTables()) names.Set(names.Length(), table->name);
  return names;
}

/** addressOf(buffer): where its bytes lie, as a number below 2^53. */
Napi::Value addressOf(const Napi::CallbackInfo& info) {
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  return Napi::Number::New(info.Env(), (double)reinterpret_cast<uintptr_t>(buffer.Data()));
}

void detach(const Napi::CallbackInfo& info) { info[0].As<Napi::ArrayBuffer>().Detach(); }

/**
 * A JavaScript function that threads call. `stopThreads` ends those threads, here or when the environment goes: Node would take the
 * function away under them.
 */
class ThreadsCall {
 public:
  ThreadsCall(const Napi::Env& env, const Napi::Function& function, const char* name, std::function<void()> stopThreads)
      : env_(env), function_(Napi::ThreadSafeFunction::New(env, function, name, 0, 1)), stopThreads_(std::move(stopThreads)) {
    function_.Unref(env_);
    // Hooks run in the order opposite to theirs: before that of the function.
    hook_ = env_.AddCleanupHook(std::function<void()>([this] { end(); }));
  }
  ~ThreadsCall() {
    if (isOver_) return;
    hook_.Remove(env_);
    end();
  }

  void call() { function_.NonBlockingCall(); }
  /** Whether the process stays alive for it; not at first. */
  void keepAlive(bool yes) {
    if (yes) function_.Ref(env_);
    else function_.Unref(env_);
  }

 private:
  void end() {
    isOver_ = true;
    stopThreads_();
    function_.Release();
  }

  Napi::Env env_;
  Napi::ThreadSafeFunction function_;
  std::function<void()> stopThreads_;
  Napi::Env::CleanupHook<std::function<void()>> hook_;
  bool isOver_ = false;
};

/** new Executor(backend, threads, onDone) */
class ExecutorWrap : public Napi::ObjectWrap<ExecutorWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Executor",
                       {InstanceMethod<&ExecutorWrap::start>("start"), InstanceMethod<&ExecutorWrap::cancel>("cancel"),
                        InstanceMethod<&ExecutorWrap::nonFinite>("nonFinite"),
                        InstanceMethod<&ExecutorWrap::close>("close")});
  }

  explicit ExecutorWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExecutorWrap>(info) {
    const std::string backend = info[0].As<Napi::String>();
    const uint32_t threads = info[1].As<Napi::Number>().Uint32Value();
    const KernelTable* chosen = nullptr;
    for (const KernelTable* table : supportedTables()) {
      if (backend == table->name) chosen = table;
    }
    if (chosen == nullptr) throw Napi::Error::New(info.Env(), "no such backend: " + backend);
    if (threads < 1 || threads > kMaxThreads) throw Napi::Error::New(info.Env(), "threads out of range");
    done_ = std::make_unique<ThreadsCall>(info.Env(), info[2].As<Napi::Function>(), "kernels", [this] { executor_.reset(); });
    try {
      executor_ = std::make_unique<Executor>(*chosen, threads, [this] { done_->call(); });
    } catch (const std::exception& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
  }

 private:
  /** start(words, count): the index of an invalid operation, or -1 when the threads are at work. */
  Napi::Value start(const Napi::CallbackInfo& info) {
    Napi::Float64Array words = info[0].As<Napi::Float64Array>();
    const size_t count = info[1].As<Napi::Number>().Uint32Value();
    if (executor_ == nullptr || count == 0 || count > words.ElementLength()) {
      throw Napi::Error::New(info.Env(), "nothing to start");
    }
    int64_t invalid;
    try {
      invalid = executor_->start(words.Data(), count);
    } catch (const std::exception& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
    if (invalid < 0) done_->keepAlive(true);
    return Napi::Number::New(info.Env(), (double)invalid);
  }

  /** onDone has been called: until the next start nothing keeps the process alive. */
  Napi::Value nonFinite(const Napi::CallbackInfo& info) {
    if (done_ != nullptr) done_->keepAlive(false);
    return Napi::Boolean::New(info.Env(), executor_ != nullptr && executor_->nonFinite());
  }

  void cancel(const Napi::CallbackInfo&) {
    if (executor_ != nullptr) executor_->cancel();
  }

  void close(const Napi::CallbackInfo&) { done_.reset(); }

  std::unique_ptr<Executor> executor_;
  /** Ends the executor with it. */
  std::unique_ptr<ThreadsCall> done_;
};

#if !defined(_WIN32)
/** new FileMemory(byteLength, fd): a map of the file; without fd, zeros in large pages, to be written through views. */
class FileMemoryWrap : public Napi::ObjectWrap<FileMemoryWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "FileMemory",
                       {InstanceMethod<&FileMemoryWrap::view>("view"), InstanceMethod<&FileMemoryWrap::shrank>("shrank"),
                        InstanceMethod<&FileMemoryWrap::close>("close")});
  }

  explicit FileMemoryWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FileMemoryWrap>(info) {
    const double length = info[0].As<Napi::Number>().DoubleValue();
    if (!(length > 0 && length < 9007199254740992.0)) throw Napi::Error::New(info.Env(), "length out of range");
    try {
      if (info[1].IsNumber()) {
        file_ = std::make_shared<MappedFile>(info[1].As<Napi::Number>().Int32Value(), (size_t)length);
      } else {
        file_ = std::make_shared<ReadFile>((size_t)length);
      }
    } catch (const std::system_error& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
  }

 private:
  /** view(byteOffset, byteLength): an ArrayBuffer over these bytes; it keeps the memory until it is detached. */
  Napi::Value view(const Napi::CallbackInfo& info) {
    const double offset = info[0].As<Napi::Number>().DoubleValue(), length = info[1].As<Napi::Number>().DoubleValue();
    if (file_ == nullptr || !(offset >= 0 && length > 0 && offset + length <= (double)file_->length())) {
      throw Napi::Error::New(info.Env(), "view out of range");
    }
    // A collection would free none of this memory: V8 is not to hurry to one because gigabytes seem to hang on a buffer.
    const int64_t bytes = (int64_t)length;
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -bytes);
    return Napi::ArrayBuffer::New(
        info.Env(), file_->data() + (size_t)offset, (size_t)length,
        [bytes](Napi::Env env, void*, std::shared_ptr<FileMemory>* keep) {
          Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
          delete keep;
        },
        new std::shared_ptr<FileMemory>(file_));
  }

  Napi::Value shrank(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), file_ != nullptr && file_->shrank());
  }

  void close(const Napi::CallbackInfo&) { file_.reset(); }

  std::shared_ptr<FileMemory> file_;
};
#endif

/** new Sha256Streams(onHashed) */
class Sha256StreamsWrap : public Napi::ObjectWrap<Sha256StreamsWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Sha256Streams",
        {InstanceMethod<&Sha256StreamsWrap::open>("open"), InstanceMethod<&Sha256StreamsWrap::update>("update"),
         InstanceMethod<&Sha256StreamsWrap::takeHashed>("takeHashed"),
         InstanceMethod<&Sha256StreamsWrap::digest>("digest"), InstanceMethod<&Sha256StreamsWrap::discard>("discard")});
  }

  explicit Sha256StreamsWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Sha256StreamsWrap>(info) {
    hashed_ = std::make_unique<ThreadsCall>(info.Env(), info[0].As<Napi::Function>(), "sha256", [this] { streams_.reset(); });
    try {
      streams_ = std::make_unique<Sha256Streams>([this] { hashed_->call(); });
    } catch (const std::exception& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
  }

 private:
  Napi::Value open(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), streams_->open()); }

  /** update(stream, bytes, piece): until takeHashed() names the piece, the caller keeps the bytes and leaves them alone. */
  void update(const Napi::CallbackInfo& info) {
    const Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
    const uint32_t piece = info[2].As<Napi::Number>().Uint32Value();
    if (!streams_->update(idOf(info[0]), bytes.Data(), bytes.ByteLength(), piece)) {
      throw Napi::Error::New(info.Env(), "no such stream");
    }
    if (underWay_++ == 0) hashed_->keepAlive(true);
  }

  Napi::Value takeHashed(const Napi::CallbackInfo& info) {
    const std::vector<uint32_t> pieces = streams_->takeHashed();
    Napi::Array names = Napi::Array::New(info.Env(), pieces.size());
    for (uint32_t i = 0; i < pieces.size(); i++) names.Set(i, pieces[i]);
    underWay_ -= pieces.size();
    if (underWay_ == 0) hashed_->keepAlive(false);
    return names;
  }

  Napi::Value digest(const Napi::CallbackInfo& info) {
    Sha256Digest digest;
    if (!streams_->digest(idOf(info[0]), digest)) throw Napi::Error::New(info.Env(), "stream not at rest");
    Napi::Uint8Array out = Napi::Uint8Array::New(info.Env(), digest.size());
    memcpy(out.Data(), digest.data(), digest.size());
    return out;
  }

  void discard(const Napi::CallbackInfo& info) { streams_->discard(idOf(info[0])); }

  static uint32_t idOf(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

  std::unique_ptr<Sha256Streams> streams_;
  /** Ends the streams with it. */
  std::unique_ptr<ThreadsCall> hashed_;
  /** Pieces: while there are any, the process stays alive. */
  size_t underWay_ = 0;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("supportedBackends", Napi::Function::New<supportedBackends>(env));
  exports.Set("addressOf", Napi::Function::New<addressOf>(env));
  exports.Set("detach", Napi::Function::New<detach>(env));
  exports.Set("Executor", ExecutorWrap::define(env));
#if !defined(_WIN32)
  exports.Set("FileMemory", FileMemoryWrap::define(env));
#endif
  if (hasSha256()) exports.Set("Sha256Streams", Sha256StreamsWrap::define(env));
  return exports;
}

}  // namespace
}  // namespace kernels

static Napi::Object initAddon(Napi::Env env, Napi::Object exports) { return kernels::init(env, exports); }
NODE_API_MODULE(llama_kernels, initAddon)
