// The classes of the addon, each defined in a file of its own.
#pragma once

#include <node_api.h>

namespace kernels {

napi_value defineExecutor(napi_env env);
/** Only where files can be mapped. */
napi_value defineFileMemory(napi_env env);
napi_value defineSha256Streams(napi_env env);

}  // namespace kernels
