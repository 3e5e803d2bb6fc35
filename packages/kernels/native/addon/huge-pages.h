// A map of a file in small pages costs an address lookup every 4 KiB, which halves the speed of a core that reads weights. Here its
// pages are replaced by huge ones.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

namespace kernels {

/** Whether less than half of `length` bytes that are mapped at `data` lies in huge pages. False where the system does not say. */
bool liesInSmallPages(const uint8_t* data, size_t length);

/**
 * Replaces the pages of a map of the file `fd` from its first byte on, `length` bytes at `data`, by huge pages of memory with the
 * same bytes. Each piece is replaced at once: threads that read meanwhile find the same bytes before and after. Stops when `stop`
 * becomes true, when there is no memory or no huge page, and when the file ends early, and leaves the rest of the map as it is.
 * Lowers the priority of the calling thread.
 */
void copyToHugePages(uint8_t* data, size_t length, int fd, const std::atomic<bool>& stop);

}  // namespace kernels
