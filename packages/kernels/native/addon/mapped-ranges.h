// Maps of files, and what happens when a page of one is missing because the file became shorter.
//
// Reading a page that a shorter file no longer has raises SIGBUS. The handler puts zeros under the rest of the map and remembers,
// so that the program goes on and `hasFaulted` tells it. It acts on that alone. A page that cannot be read although the file has
// it (the disk fails), a memory error, and an address in no map go to the handler that was there before, or end the process.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernels {

/**
 * Says that `length` bytes of the file `fd` are mapped at `data`; `fd` stays open until the range is removed. Returns the range.
 *
 * @throws std::system_error when too many files are mapped
 */
size_t addMappedRange(const uint8_t* data, size_t length, int fd);
/** To be called before the map is removed: another may soon be at the same addresses. */
void removeMappedRange(size_t range);
/** Whether a page of it was missing. */
bool hasFaulted(size_t range);

}  // namespace kernels
