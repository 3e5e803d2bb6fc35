#include "file-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "huge-pages.h"
#include "mapped-ranges.h"
#include "signals-blocked.h"

namespace kernels {
namespace {

/** Bytes that are pre-faulted between two checks of whether the map is to close. */
constexpr size_t kPopulateBytes = 16 * 1024 * 1024;

/** Whether the machine's memory can hold `length` bytes. If not, pre-faulting would evict pages that it brought in before. */
bool fitsMemory(size_t length) {
  const long pages = sysconf(_SC_PHYS_PAGES), pageBytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && pageBytes > 0 && length / (size_t)pageBytes < (size_t)pages;
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

MappedFile::MappedFile(int fd, size_t length, CopyMap copyMap) : FileMemory(length), copyMap_(copyMap) {
  fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0) fail("dup");
  void* data = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd_, 0);
  if (data == MAP_FAILED) {
    close(fd_);
    fail("mmap");
  }
  data_ = static_cast<uint8_t*>(data);
  try {
    range_ = addMappedRange(data_, length, fd_);
  } catch (...) {
    munmap(data_, length);
    close(fd_);
    throw;
  }
#if defined(MADV_HUGEPAGE)
  madvise(data_, length, MADV_HUGEPAGE);  // advice: pages that are not in memory yet become huge ones
#endif
  if (!fitsMemory(length)) return;
  [[maybe_unused]] const SignalsBlocked blocked;
  try {
    populating_ = std::thread([this] { populate(); });
  } catch (const std::exception&) {
    // The system starts no thread: the pages are read when they are first used.
  }
}

void MappedFile::populate() {
#if defined(MADV_POPULATE_READ)
  for (size_t begin = 0; begin < length_ && !closing_.load(); begin += kPopulateBytes) {
    // If the file shrank, or the system lacks this advice, the pages are read when they are first used.
    if (madvise(data_ + begin, std::min(kPopulateBytes, length_ - begin), MADV_POPULATE_READ) != 0) return;
  }
#endif
  if (closing_.load() || copyMap_ == CopyMap::never) return;
  if (copyMap_ == CopyMap::always || liesInSmallPages(data_, length_)) copyToHugePages(data_, length_, fd_, closing_);
}

MappedFile::~MappedFile() {
  closing_.store(true);
  if (populating_.joinable()) populating_.join();
  removeMappedRange(range_);
  munmap(data_, length_);
  close(fd_);
}

bool MappedFile::shrank() const {
  struct stat now;
  return hasFaulted(range_) || fstat(fd_, &now) != 0 || (uint64_t)now.st_size < length_;
}

ReadFile::ReadFile(size_t length) : FileMemory(length) {
  void* data = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) fail("mmap");
  data_ = static_cast<uint8_t*>(data);
#if defined(MADV_HUGEPAGE)
  madvise(data, length, MADV_HUGEPAGE);  // advice: without it the pages are small
#endif
}

ReadFile::~ReadFile() { munmap(data_, length_); }

}  // namespace kernels
