// Memory for a file of weights: the file mapped read-only, or memory to read it into.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <thread>

namespace kernels {

/** `length` bytes of memory at a fixed address. */
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

/** Which maps of files are replaced by copies in huge pages (huge-pages.h). */
enum class CopyMap : uint32_t { never, ifInSmallPages, always };

/**
 * The first `length` bytes of an open file, mapped. If the file becomes shorter, missing pages are read as zeros and `shrank()` is
 * true (mapped-ranges.h). A thread pre-faults the pages from the first on, which costs a fraction of the page faults it saves. Then it
 * copies the file to huge pages, as `copyMap` says.
 */
class MappedFile : public FileMemory {
 public:
  /** @throws std::system_error; takes a duplicate of `fd` */
  MappedFile(int fd, size_t length, CopyMap copyMap);
  ~MappedFile() override;

  /** Whether a page was missing when it was read, or the file is shorter now. */
  bool shrank() const override;

 private:
  void populate();

  const CopyMap copyMap_;
  int fd_;
  size_t range_;
  std::atomic<bool> closing_{false};
  std::thread populating_;
};

/** Zeros to read a file into, in huge pages if the system has them, which makes address lookups rarer. */
class ReadFile : public FileMemory {
 public:
  /** @throws std::system_error */
  explicit ReadFile(size_t length);
  ~ReadFile() override;

  bool shrank() const override { return false; }
};

}  // namespace kernels
