// The kernels of one instruction set as a table. The including file, native/isa/NAME.cc, defines
//   KERNELS_NAME                  its name, as in src/instruction-sets.ts
//   KERNELS_IS_SUPPORTED          an expression: whether this CPU has the instructions
//   KERNELS_ROW_COST, KERNELS_PREFERS_GROUP_MAXIMA    as in KernelTable
//   VEC_BYTES                     bytes of a register
#include "attention.h"
#include "convert.h"
#include "embed.h"
#include "linear.h"
#include "quantize-panels.h"
#include "read.h"

#define KERNELS_TABLE_OF(name) name##Table
#define KERNELS_TABLE(name) KERNELS_TABLE_OF(name)
#define KERNELS_TEXT_OF(name) #name
#define KERNELS_TEXT(name) KERNELS_TEXT_OF(name)

#if defined(__x86_64__)
// It runs before anything is known of the CPU.
#define KERNELS_FOR_ANY_CPU __attribute__((target("no-avx")))
#else
#define KERNELS_FOR_ANY_CPU
#endif

namespace {

KERNELS_FOR_ANY_CPU bool isSupported() { return KERNELS_IS_SUPPORTED; }

}  // namespace

namespace kernels {
extern const KernelTable KERNELS_TABLE(KERNELS_NAME);
const KernelTable KERNELS_TABLE(KERNELS_NAME) = {
    .name = KERNELS_TEXT(KERNELS_NAME),
    .isSupported = ::isSupported,
    .rowCost = KERNELS_ROW_COST,
    .prefersGroupMaxima = KERNELS_PREFERS_GROUP_MAXIMA,
    .tuning = kDefaultTuning,
    .embed = ::embed,
    .rmsNorm = ::rmsNorm,
    .linearScratch = linearScratch,
    .linearQuantize = linearQuantize,
    .linear = ::linear,
    .rope = ::rope,
    .store = ::store,
    .attentionScratch = attentionScratch,
    .attention = ::attention,
    .swiGlu = ::swiGlu,
    .add = ::add,
    .gather = ::gather,
    .softmax = ::softmax,
    .widen = ::widen,
    .quantize = ::quantize,
    .dequantize = ::dequantize,
    .quantizeWeights = ::quantizeWeights,
    .quantizePanels = ::quantizePanels,
    .largestMagnitude = ::largestMagnitude,
    .groupMaxima = ::groupMaxima,
    .xorAll = ::xorAll,
};
}  // namespace kernels
