// Helpers for Node-API: a call that fails throws, and every C++ exception becomes a JavaScript error with a code.
//
// While an environment is ending, Node-API refuses to run or throw anything. A refused call then ends the callback without an
// error, since no JavaScript can receive one.
#pragma once

#include <node_api.h>

#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace kernels {

/** An error of the toolkit: `code` is one of @llama-ts/base. */
class CodedError : public std::runtime_error {
 public:
  CodedError(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* const code;
};

inline CodedError invalidArgument(const std::string& message) { return CodedError("INVALID_ARGUMENT", message); }

/** Node-API refused a call. */
struct StatusError {
  napi_status status;
};

inline void check(napi_status status) {
  if (status != napi_ok) throw StatusError{status};
}

/** The arguments of a callback. */
struct Call {
  static constexpr size_t kMaxArguments = 4;

  napi_env env;
  napi_value self = nullptr;
  /** `undefined` if the caller passes fewer. */
  napi_value arguments[kMaxArguments] = {};

  Call(napi_env env, napi_callback_info info) : env(env) {
    size_t count = kMaxArguments;
    check(napi_get_cb_info(env, info, &count, arguments, &self, nullptr));
  }

  double number(size_t i) const {
    double value;
    check(napi_get_value_double(env, arguments[i], &value));
    return value;
  }
  uint32_t uint32(size_t i) const {
    uint32_t value;
    check(napi_get_value_uint32(env, arguments[i], &value));
    return value;
  }
  /** A file descriptor; -1 if the argument is not a number. */
  int32_t descriptor(size_t i) const {
    // In Deno, undefined would be read as 0.
    napi_valuetype type;
    if (napi_typeof(env, arguments[i], &type) != napi_ok || type != napi_number) return -1;
    int32_t value;
    return napi_get_value_int32(env, arguments[i], &value) == napi_ok ? value : -1;
  }
  /** A name of up to 63 bytes. */
  std::string name(size_t i) const {
    char text[64];
    size_t length;
    check(napi_get_value_string_utf8(env, arguments[i], text, sizeof text, &length));
    return std::string(text, length);
  }
};

/** The elements of a typed array. */
struct TypedArray {
  napi_typedarray_type type;
  size_t length;
  void* data;

  TypedArray(napi_env env, napi_value value) {
    check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  }
};

inline napi_value textValue(napi_env env, const char* text) {
  napi_value result;
  check(napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result));
  return result;
}

inline napi_value numberValue(napi_env env, double value) {
  napi_value result;
  check(napi_create_double(env, value, &result));
  return result;
}

inline napi_value booleanValue(napi_env env, bool value) {
  napi_value result;
  check(napi_get_boolean(env, value, &result));
  return result;
}

/** Throws a JavaScript error, unless an exception is pending or the environment is ending. */
inline void throwInto(napi_env env, const char* code, const char* message) noexcept {
  bool isPending = false;
  if (napi_is_exception_pending(env, &isPending) != napi_ok || isPending) return;
  napi_throw_error(env, code, message);  // does nothing if the environment is ending
}

/** Rethrows the C++ exception in flight as a JavaScript error. */
inline void throwCurrentInto(napi_env env) noexcept {
  try {
    throw;
  } catch (const StatusError& error) {
    throwInto(env, "INTERNAL", ("Node-API refuses a call with status " + std::to_string(error.status)).c_str());
  } catch (const CodedError& error) {
    throwInto(env, error.code, error.what());
  } catch (const std::system_error& error) {
    // Memory, threads, descriptors or maps: more than the system allows this process.
    const std::error_code& found = error.code();
    const bool isLimit = found == std::errc::not_enough_memory || found == std::errc::resource_unavailable_try_again ||
                         found == std::errc::too_many_files_open || found == std::errc::too_many_files_open_in_system;
    throwInto(env, isLimit ? "LIMIT_EXCEEDED" : "INTERNAL", error.what());
  } catch (const std::bad_alloc&) {
    throwInto(env, "LIMIT_EXCEEDED", "no memory for native kernels");
  } catch (const std::length_error& error) {
    throwInto(env, "LIMIT_EXCEEDED", error.what());
  } catch (const std::exception& error) {
    throwInto(env, "INTERNAL", error.what());
  } catch (...) {
    throwInto(env, "INTERNAL", "unknown exception in native code");
  }
}

/** `function` as a callback for Node: every C++ exception becomes a JavaScript error. */
template <napi_value (*function)(const Call&)>
napi_value callback(napi_env env, napi_callback_info info) noexcept {
  try {
    return function(Call(env, info));
  } catch (...) {
    throwCurrentInto(env);
    return nullptr;
  }
}

/** A JavaScript class whose objects each own a `T`, constructed with the arguments of `new`. */
template <class T>
struct Wrapped {
  template <napi_value (T::*body)(const Call&)>
  static napi_property_descriptor method(const char* name) {
    return {name, nullptr, callback<call<body>>, nullptr, nullptr, nullptr, napi_default_method, nullptr};
  }

  template <size_t count>
  static napi_value define(napi_env env, const char* name, const napi_property_descriptor (&methods)[count]) {
    napi_value result;
    check(napi_define_class(env, name, NAPI_AUTO_LENGTH, callback<construct>, nullptr, count, methods, &result));
    return result;
  }

 private:
  static napi_value construct(const Call& call) {
    auto object = std::make_unique<T>(call);
    check(napi_wrap(call.env, call.self, object.get(), finalize, nullptr, nullptr));
    object.release();
    return call.self;
  }

  static void finalize(napi_env, void* object, void*) noexcept { delete static_cast<T*>(object); }

  template <napi_value (T::*body)(const Call&)>
  static napi_value call(const Call& call) {
    void* object;
    check(napi_unwrap(call.env, call.self, &object));
    return (static_cast<T*>(object)->*body)(call);
  }
};

}  // namespace kernels
