// The exports of the addon: cpuModel, supportedBackends, addressOf, detach, Executor; FileMemory where files can be mapped; Sha256Streams
// where the CPU has instructions for it. Only src/native calls them. It checks all arguments; the addon checks again those that
// decide which memory is read and written.
#include <string.h>

#include "../sha256/compress.h"
#include "cpu.h"
#include "environment.h"
#include "node-api.h"
#include "objects.h"

namespace kernels {
namespace {

/** cpuModel(): vendor, family and model of an x86 CPU; an empty vendor on others. */
napi_value cpuModel(const Call& call) {
  const CpuModel cpu = kernels::cpuModel();
  napi_value result;
  check(napi_create_object(call.env, &result));
  check(napi_set_named_property(call.env, result, "vendor", textValue(call.env, cpu.vendor)));
  check(napi_set_named_property(call.env, result, "family", numberValue(call.env, cpu.family)));
  check(napi_set_named_property(call.env, result, "model", numberValue(call.env, cpu.model)));
  return result;
}

/** A Uint32Array of the fields of Tuning. */
napi_value tuningValue(napi_env env, const Tuning& tuning) {
  void* data;
  napi_value buffer, result;
  check(napi_create_arraybuffer(env, sizeof tuning, &data, &buffer));
  memcpy(data, &tuning, sizeof tuning);
  check(napi_create_typedarray(env, napi_uint32_array, sizeof tuning / sizeof(uint32_t), buffer, 0, &result));
  return result;
}

/** supportedBackends(): what this CPU can run, fastest first, with the properties of each. */
napi_value supportedBackends(const Call& call) {
  napi_value backends;
  check(napi_create_array(call.env, &backends));
  uint32_t count = 0;
  for (const KernelTable* table : supportedTables()) {
    napi_value backend;
    check(napi_create_object(call.env, &backend));
    check(napi_set_named_property(call.env, backend, "name", textValue(call.env, table->name)));
    check(napi_set_named_property(call.env, backend, "tuning", tuningValue(call.env, table->tuning)));
    check(napi_set_named_property(call.env, backend, "rowCost", numberValue(call.env, table->rowCost)));
    check(napi_set_named_property(call.env, backend, "prefersGroupMaxima", booleanValue(call.env, table->prefersGroupMaxima)));
    check(napi_set_element(call.env, backends, count++, backend));
  }
  return backends;
}

/** addressOf(buffer): the address of its bytes, as a number below 2^53. */
napi_value addressOf(const Call& call) {
  void* data;
  check(napi_get_arraybuffer_info(call.env, call.arguments[0], &data, nullptr));
  return numberValue(call.env, (double)reinterpret_cast<uintptr_t>(data));
}

/** detach(buffer): takes its bytes away from JavaScript. */
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
  set("cpuModel", functionValue<cpuModel>(env, "cpuModel"));
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
