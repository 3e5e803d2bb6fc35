// The kernels of one instruction set as a table; the including file defines KERNELS_TABLE, KERNELS_NAME and VEC_BYTES.
#include "attention.h"
#include "convert.h"
#include "linear.h"

namespace kernels {
extern const KernelTable KERNELS_TABLE;
const KernelTable KERNELS_TABLE = {
    KERNELS_NAME, ::embed,     ::rmsNorm, linearScratch, linearQuantize, ::linear, ::rope,     ::store,
    attentionScratch, ::attention, ::swiGlu,  ::add,         ::gather,       ::softmax, ::widen, ::quantize, ::dequantize,
    ::quantizeWeights, ::largestMagnitude, ::groupMaxima, ::xorAll,
};
}  // namespace kernels
