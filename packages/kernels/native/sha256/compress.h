// The compression function of SHA-256 (FIPS 180-4) over several streams at once, with the instructions of x86.
//
// A round needs the result of the round before, so that one stream leaves the unit idle most of the time. Four streams, whose
// instructions alternate, take hardly longer than one.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernels {

/** The most streams that are compressed at the same time. */
constexpr int kSha256Lanes = 4;
constexpr size_t kSha256BlockBytes = 64;

/** Whether this CPU has the instructions. If not, compressSha256() must not be called. */
bool hasSha256();

/** Compresses `blocks` blocks of 64 bytes into each of `lanes` states; `lanes` is 1 to kSha256Lanes. */
void compressSha256(uint32_t* const* states, const uint8_t* const* data, size_t blocks, int lanes);

}  // namespace kernels
