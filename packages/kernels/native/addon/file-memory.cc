#include "file-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>

#include "signals-blocked.h"

namespace kernels {
namespace {

/** Maps open at once in one process. The table is fixed because a signal handler may neither lock nor allocate. */
constexpr size_t kMaxMaps = 256;

struct Slot {
  std::atomic<uintptr_t> begin{0}, end{0};
  std::atomic<bool> faulted{false};
};
Slot slots[kMaxMaps];
std::mutex slotsMutex;
size_t openMaps = 0;
struct sigaction previous;

bool coverWithZeros(uintptr_t address) {
  for (Slot& slot : slots) {
    const uintptr_t begin = slot.begin.load(), end = slot.end.load();
    if (address < begin || address >= end) continue;
    const uintptr_t page = address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    void* zeros = mmap((void*)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) return false;
    slot.faulted.store(true);
    return true;
  }
  return false;
}

void onBusError(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const bool covered = coverWithZeros((uintptr_t)info->si_addr);
  errno = savedErrno;
  if (covered) return;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  // The default action: on return the instruction faults again, and nothing catches it.
  ::signal(signal, SIG_DFL);
}

void installHandler() {
  struct sigaction action = {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

/** Only if nobody has put a handler of theirs on top: they would lose it. */
void removeHandler() {
  struct sigaction current;
  sigaction(SIGBUS, nullptr, &current);
  const bool ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == onBusError;
  if (ours) sigaction(SIGBUS, &previous, nullptr);
}

size_t takeSlot(uint8_t* data, size_t length) {
  const std::lock_guard<std::mutex> lock(slotsMutex);
  for (size_t i = 0; i < kMaxMaps; i++) {
    if (slots[i].end.load() != 0) continue;
    slots[i].faulted.store(false);
    slots[i].begin.store((uintptr_t)data);
    slots[i].end.store((uintptr_t)data + length);
    if (openMaps++ == 0) installHandler();
    return i;
  }
  throw std::system_error(EMFILE, std::generic_category(), "too many mapped files");
}

void releaseSlot(size_t slot) {
  const std::lock_guard<std::mutex> lock(slotsMutex);
  slots[slot].end.store(0);
  slots[slot].begin.store(0);
  if (--openMaps == 0) removeHandler();
}

/** Pages made present between two looks at whether the map is to close. */
constexpr size_t kPopulateBytes = 16 * 1024 * 1024;

/** Whether the machine's memory holds so much: making present what does not fit would drive out what was made so before. */
bool fitsMemory(size_t length) {
  const long pages = sysconf(_SC_PHYS_PAGES), pageBytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && pageBytes > 0 && length / (size_t)pageBytes < (size_t)pages;
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

MappedFile::MappedFile(int fd, size_t length) : FileMemory(length) {
  fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0) fail("dup");
  void* data = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd_, 0);
  if (data == MAP_FAILED) {
    close(fd_);
    fail("mmap");
  }
  data_ = static_cast<uint8_t*>(data);
  try {
    slot_ = takeSlot(data_, length);
  } catch (...) {
    munmap(data_, length);
    close(fd_);
    throw;
  }
#if defined(MADV_HUGEPAGE)
  madvise(data_, length, MADV_HUGEPAGE);  // a wish: pages that are still to be read come as large ones
#endif
  if (!fitsMemory(length)) return;
  [[maybe_unused]] const SignalsBlocked blocked;
  try {
    populating_ = std::thread([this] { populate(); });
  } catch (const std::system_error&) {
    // No thread to be had: the pages come as they are touched.
  }
}

void MappedFile::populate() {
#if defined(MADV_POPULATE_READ)
  for (size_t begin = 0; begin < length_ && !closing_.load(); begin += kPopulateBytes) {
    // Where the file shrank or the system does not know it, the pages come as they are touched.
    if (madvise(data_ + begin, std::min(kPopulateBytes, length_ - begin), MADV_POPULATE_READ) != 0) return;
  }
#endif
}

MappedFile::~MappedFile() {
  closing_.store(true);
  if (populating_.joinable()) populating_.join();
  // First: another map may soon lie at the same addresses.
  releaseSlot(slot_);
  munmap(data_, length_);
  close(fd_);
}

bool MappedFile::shrank() const {
  struct stat now;
  return slots[slot_].faulted.load() || fstat(fd_, &now) != 0 || (uint64_t)now.st_size < length_;
}

ReadFile::ReadFile(size_t length) : FileMemory(length) {
  void* data = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) fail("mmap");
  data_ = static_cast<uint8_t*>(data);
#if defined(MADV_HUGEPAGE)
  madvise(data, length, MADV_HUGEPAGE);  // a wish: without it the pages are small
#endif
}

ReadFile::~ReadFile() { munmap(data_, length_); }

}  // namespace kernels
