// An addon whose functions throw what C++ may throw, through the wrapper of the kernels' addon.
#include "../../../packages/kernels/native/addon/node-api.h"

namespace kernels {
namespace {

template <class Error>
[[noreturn]] napi_value throwError(const Call&) {
  throw Error();
}

struct SystemError : std::system_error {
  SystemError() : std::system_error(EIO, std::generic_category(), "read") {}
};
struct NoThreads : std::system_error {
  NoThreads() : std::system_error(EAGAIN, std::generic_category(), "thread") {}
};
struct LengthError : std::length_error {
  LengthError() : std::length_error("too long") {}
};
struct LogicError : std::logic_error {
  LogicError() : std::logic_error("a mistake") {}
};
struct Coded : CodedError {
  Coded() : CodedError("INVALID_ARGUMENT", "not this") {}
};
struct Other {};
struct Refused : StatusError {
  Refused() : StatusError{napi_object_expected} {}
};

template <class Error>
void add(napi_env env, napi_value exports, const char* name) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback<throwError<Error>>, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace
}  // namespace kernels

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  using namespace kernels;
  add<std::bad_alloc>(env, exports, "bad_alloc");
  add<LengthError>(env, exports, "length_error");
  add<NoThreads>(env, exports, "no threads");
  add<SystemError>(env, exports, "system_error");
  add<LogicError>(env, exports, "logic_error");
  add<Coded>(env, exports, "coded");
  add<Other>(env, exports, "no exception class");
  add<Refused>(env, exports, "refused call");
  return exports;
}
