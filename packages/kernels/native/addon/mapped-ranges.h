// Maps of files, and the handler for pages that are missing because a file became shorter.
//
// Reading a page that a shorter file no longer has raises SIGBUS. The handler maps zeros over the rest of the map, so that the
// program goes on, and makes `hasFaulted` true. It handles nothing else. A page that the file has and that cannot be read (the
// disk fails), a memory error, and an address in no map go to the handler that was installed before, or end the process.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernels {

/**
 * Registers that `length` bytes of the file `fd` are mapped at `data`. `fd` must stay open until the range is removed. Returns the
 * range.
 *
 * @throws std::system_error if too many files are mapped
 */
size_t addMappedRange(const uint8_t* data, size_t length, int fd);
/** Unregisters a range. Call it before unmapping, since the addresses may soon be used by another map. */
void removeMappedRange(size_t range);
/** Whether a page of the range was missing when it was read. */
bool hasFaulted(size_t range);

}  // namespace kernels
