// A file mapped read-only, and what happens when it becomes shorter than its map.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace kernels {

/**
 * The first `length` bytes of an open file. Reading a page that a shorter file no longer has raises SIGBUS; a handler
 * puts zeros under the rest of the map and remembers, so that the program goes on and `shrank()` tells it.
 * Signals at any other address go to the handler that was there before.
 */
class MappedFile {
 public:
  /** @throws std::system_error; takes a duplicate of `fd` */
  MappedFile(int fd, size_t length);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }
  /** A page was missing when read, or the file is shorter now. */
  bool shrank() const;

 private:
  int fd_;
  uint8_t* data_;
  size_t length_;
  size_t slot_;
};

}  // namespace kernels
