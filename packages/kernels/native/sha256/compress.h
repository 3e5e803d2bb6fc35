// The compression function of SHA-256 (FIPS 180-4) over several streams at once, with the instructions of x86.
//
// A round needs the result of the one before, so that one stream leaves the unit idle most of the time: four streams,
// instruction by instruction in turns, take hardly longer than one.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernels {

/** Streams that are compressed at once, at most. */
constexpr int kSha256Lanes = 4;
constexpr size_t kSha256BlockBytes = 64;

/** Whether this CPU has the instructions; {@link compressSha256} must not be called where it does not. */
bool hasSha256();

/** Takes `blocks` blocks of 64 bytes into each of `lanes` states, 1 to kSha256Lanes of them. */
void compressSha256(uint32_t* const* states, const uint8_t* const* data, size_t blocks, int lanes);

}  // namespace kernels
