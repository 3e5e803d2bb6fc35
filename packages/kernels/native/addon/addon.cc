// The Node-API surface: supportedBackends, addressOf, detach, Executor and, where files can be mapped, FileMemory, and
// where the CPU has instructions for it, Sha256Streams.
// It is private to src/native, which checks arguments; here they are checked again where memory is at stake.
#include "../sha256/compress.h"
#include "cpu.h"
#include "environment.h"
#include "node-api.h"
#include "objects.h"

namespace kernels {
namespace {

napi_value supportedBackends(const Call& call) {
  napi_value names;
  check(napi_create_array(call.env, &names));
  uint32_t count = 0;
  for (const KernelTable* table : supportedTables()) {
    napi_value name;
    check(napi_create_string_utf8(call.env, table->name, NAPI_AUTO_LENGTH, &name));
    check(napi_set_element(call.env, names, count++, name));
  }
  return names;
}

/** addressOf(buffer): where its bytes lie, as a number below 2^53. */
napi_value addressOf(const Call& call) {
  void* data;
  check(napi_get_arraybuffer_info(call.env, call.arguments[0], &data, nullptr));
  return numberValue(call.env, (double)reinterpret_cast<uintptr_t>(data));
}

napi_value detach(const Call& call) {
  check(napi_detach_arraybuffer(call.env, call.arguments[0]));
  return nullptr;
}

template <napi_value (*function)(const Call&)>
napi_value functionValue(napi_env env, const char* name) {
  napi_value result;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback<function>, nullptr, &result));
  return result;
}

void addExports(napi_env env, napi_value exports) {
  const auto set = [&](const char* name, napi_value value) { check(napi_set_named_property(env, exports, name, value)); };
  Environment::open(env);
  set("supportedBackends", functionValue<supportedBackends>(env, "supportedBackends"));
  set("addressOf", functionValue<addressOf>(env, "addressOf"));
  set("detach", functionValue<detach>(env, "detach"));
  set("Executor", defineExecutor(env));
#if !defined(_WIN32)
  set("FileMemory", defineFileMemory(env));
#endif
  if (hasSha256()) set("Sha256Streams", defineSha256Streams(env));
}

}  // namespace
}  // namespace kernels

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  try {
    kernels::addExports(env, exports);
  } catch (...) {
    kernels::throwCurrentInto(env);
  }
  return exports;
}
