// new FileMemory(byteLength, fd, copyMap): a map of the file; without fd, zeros in huge pages, to be written through views.
#include <memory>
#include <utility>

#include "environment.h"
#include "file-memory.h"
#include "node-api.h"
#include "objects.h"

namespace kernels {
namespace {

/** Smaller lengths are exact as JavaScript numbers. */
constexpr double kMaxLength = 9007199254740992.0;

/** One of the names in src/tuning.ts by its place there. */
CopyMap copyMapOf(double place) {
  if (place == 0) return CopyMap::never;
  if (place == 1) return CopyMap::ifInSmallPages;
  if (place == 2) return CopyMap::always;
  throw invalidArgument("copyMap out of range");
}

/** The memory that a view keeps alive. */
struct ViewedMemory : public Released {
  ViewedMemory(std::shared_ptr<Environment> environment, std::shared_ptr<FileMemory> file)
      : environment(std::move(environment)), file(std::move(file)) {}
  const std::shared_ptr<Environment> environment;
  const std::shared_ptr<FileMemory> file;
};

void releaseView(napi_env, void*, void* kept) noexcept {
  std::unique_ptr<ViewedMemory> memory(static_cast<ViewedMemory*>(kept));
  const std::shared_ptr<Environment> environment = memory->environment;
  environment->release(std::move(memory));
}

class FileMemoryObject {
 public:
  explicit FileMemoryObject(const Call& call) : environment_(Environment::of(call.env)) {
    const double length = call.number(0);
    if (!(length > 0 && length < kMaxLength)) throw invalidArgument("length out of range");
    const int32_t fd = call.descriptor(1);
    if (fd >= 0) file_ = std::make_shared<MappedFile>(fd, (size_t)length, copyMapOf(call.number(2)));
    else file_ = std::make_shared<ReadFile>((size_t)length);
  }

  /**
   * view(byteOffset, byteLength): an ArrayBuffer of these bytes, which keeps the memory until it is detached. V8 counts the bytes as
   * memory that garbage collection may free, although it cannot. That count must not be corrected here: V8 subtracts the bytes
   * itself when the buffer ends, and no finalizer runs early enough to undo a correction before that.
   */
  napi_value view(const Call& call) {
    const double offset = call.number(0), length = call.number(1);
    if (file_ == nullptr || !(offset >= 0 && length > 0 && offset + length <= (double)file_->length())) {
      throw invalidArgument("view out of range");
    }
    auto kept = std::make_unique<ViewedMemory>(environment_, file_);
    napi_value buffer;
    check(napi_create_external_arraybuffer(call.env, file_->data() + (size_t)offset, (size_t)length, releaseView, kept.get(),
                                           &buffer));
    kept.release();
    return buffer;
  }

  napi_value shrank(const Call& call) { return booleanValue(call.env, file_ != nullptr && file_->shrank()); }

  napi_value close(const Call&) {
    file_.reset();
    return nullptr;
  }

 private:
  const std::shared_ptr<Environment> environment_;
  std::shared_ptr<FileMemory> file_;
};

}  // namespace

napi_value defineFileMemory(napi_env env) {
  using Class = Wrapped<FileMemoryObject>;
  return Class::define(env, "FileMemory",
                       {Class::method<&FileMemoryObject::view>("view"), Class::method<&FileMemoryObject::shrank>("shrank"),
                        Class::method<&FileMemoryObject::close>("close")});
}

}  // namespace kernels
