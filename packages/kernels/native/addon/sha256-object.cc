// new Sha256Streams(onHashed): digests, computed on a thread of their own.
#include <string.h>

#include <memory>

#include "../sha256/streams.h"
#include "environment.h"
#include "objects.h"
#include "thread-callback.h"

namespace kernels {
namespace {

class Sha256Object : public ThreadOwner {
 public:
  explicit Sha256Object(const Call& call) : environment_(Environment::of(call.env)) {
    hashed_ = std::make_unique<ThreadCallback>(call.env, call.arguments[0], "sha256");
    streams_ = std::make_unique<Sha256Streams>([this] { hashed_->call(); });
    environment_->add(*this);
  }

  ~Sha256Object() override {
    environment_->remove(*this);
    end();
    environment_->destroyReleased();
  }

  void end() noexcept override {
    streams_.reset();
    hashed_->release();
  }

  void beQuiet() noexcept override { hashed_->beQuiet(); }

  bool isBusy() const noexcept override { return streams_ != nullptr && untaken_ > 0; }

  napi_value open(const Call& call) { return numberValue(call.env, streams_->open()); }

  /** update(stream, bytes, piece): the caller keeps the bytes, unchanged, until takeHashed() returns the piece. */
  napi_value update(const Call& call) {
    const TypedArray bytes(call.env, call.arguments[1]);
    if (bytes.type != napi_uint8_array) throw invalidArgument("not bytes");
    const bool isKnown =
        streams_->update(call.uint32(0), static_cast<const uint8_t*>(bytes.data), bytes.length, call.uint32(2));
    if (!isKnown) throw invalidArgument("no such stream");
    if (untaken_++ == 0) hashed_->keepAlive(true);
    return nullptr;
  }

  napi_value takeHashed(const Call& call) {
    const std::vector<uint32_t> pieces = streams_->takeHashed();
    untaken_ -= pieces.size();
    if (untaken_ == 0) {
      hashed_->keepAlive(false);
      environment_->destroyReleased();
    }
    napi_value names;
    check(napi_create_array_with_length(call.env, pieces.size(), &names));
    for (uint32_t i = 0; i < pieces.size(); i++) check(napi_set_element(call.env, names, i, numberValue(call.env, pieces[i])));
    return names;
  }

  napi_value digest(const Call& call) {
    Sha256Digest digest;
    if (!streams_->digest(call.uint32(0), digest)) throw invalidArgument("no such stream, or one with pieces that were not taken");
    void* data;
    napi_value buffer, bytes;
    check(napi_create_arraybuffer(call.env, digest.size(), &data, &buffer));
    memcpy(data, digest.data(), digest.size());
    check(napi_create_typedarray(call.env, napi_uint8_array, digest.size(), buffer, 0, &bytes));
    return bytes;
  }

  napi_value discard(const Call& call) {
    streams_->discard(call.uint32(0));
    return nullptr;
  }

 private:
  const std::shared_ptr<Environment> environment_;
  std::unique_ptr<ThreadCallback> hashed_;
  /** Declared after `hashed_`, which its thread calls, so that it is destroyed first. */
  std::unique_ptr<Sha256Streams> streams_;
  /** Pieces that were not taken yet. While there are any, the process stays alive. */
  size_t untaken_ = 0;
};

}  // namespace

napi_value defineSha256Streams(napi_env env) {
  using Class = Wrapped<Sha256Object>;
  return Class::define(env, "Sha256Streams",
                       {Class::method<&Sha256Object::open>("open"), Class::method<&Sha256Object::update>("update"),
                        Class::method<&Sha256Object::takeHashed>("takeHashed"),
                        Class::method<&Sha256Object::digest>("digest"), Class::method<&Sha256Object::discard>("discard")});
}

}  // namespace kernels
