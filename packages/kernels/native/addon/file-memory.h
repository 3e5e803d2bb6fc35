// Memory for a file of weights: the file mapped read-only, and what happens when it becomes shorter; or room to read it into.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <thread>

namespace kernels {

/** `length` bytes of a file that stay where they are. */
class FileMemory {
 public:
  virtual ~FileMemory() = default;
  FileMemory(const FileMemory&) = delete;
  FileMemory& operator=(const FileMemory&) = delete;

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }
  virtual bool shrank() const = 0;

 protected:
  explicit FileMemory(size_t length) : length_(length) {}

  uint8_t* data_ = nullptr;
  size_t length_;
};

/**
 * The first `length` bytes of an open file. Where a shorter file lacks a page, zeros are read and `shrank()` tells of it
 * (mapped-ranges.h). A thread makes the pages present from the beginning on, which costs a fraction of the page faults it saves.
 */
class MappedFile : public FileMemory {
 public:
  /** @throws std::system_error; takes a duplicate of `fd` */
  MappedFile(int fd, size_t length);
  ~MappedFile() override;

  /** A page was missing when read, or the file is shorter now. */
  bool shrank() const override;

 private:
  void populate();

  int fd_;
  size_t range_;
  std::atomic<bool> closing_{false};
  std::thread populating_;
};

/** Zeros to read a file into, in large pages where the system has them: fewer translations of addresses to look up. */
class ReadFile : public FileMemory {
 public:
  /** @throws std::system_error */
  explicit ReadFile(size_t length);
  ~ReadFile() override;

  bool shrank() const override { return false; }
};

}  // namespace kernels
