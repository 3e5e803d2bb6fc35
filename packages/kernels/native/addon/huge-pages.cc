#include "huge-pages.h"

#if defined(__linux__)

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace kernels {
namespace {

constexpr size_t kHugePageBytes = 2 * 1024 * 1024;
/** Bytes that are replaced at once: some milliseconds between two checks of whether to stop. */
constexpr size_t kPieceBytes = 16 * 1024 * 1024;

/** Threads that compute go first where there is no other core, so that a short answer does not wait for pages that it gains nothing from. */
constexpr int kNiceness = 15;

/** Fills memory with bytes of the file; false if it cannot give them all. */
bool readAll(int fd, uint8_t* memory, size_t length, size_t offset) {
  while (length > 0) {
    const ssize_t count = pread(fd, memory, length, (off_t)offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    memory += count, length -= (size_t)count, offset += (size_t)count;
  }
  return true;
}

size_t roundUp(size_t length, size_t unit) { return (length + unit - 1) / unit * unit; }

/** Bytes in huge pages of the map that holds `address`, files' and others; SIZE_MAX where the system does not say. */
size_t hugeBytesAround(const uint8_t* address) {
  FILE* const maps = fopen("/proc/self/smaps", "re");
  if (maps == nullptr) return SIZE_MAX;
  char line[512];
  bool isFound = false;
  size_t kilobytes = 0;
  while (fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t begin, end;
    size_t some;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      if (isFound) break;
      isFound = begin <= (uintptr_t)address && (uintptr_t)address < end;
    } else if (isFound && (sscanf(line, "AnonHugePages: %zu kB", &some) == 1 || sscanf(line, "FilePmdMapped: %zu kB", &some) == 1)) {
      kilobytes += some;
    }
  }
  fclose(maps);
  return isFound ? kilobytes * 1024 : SIZE_MAX;
}

}  // namespace

bool liesInSmallPages(const uint8_t* data, size_t length) { return hugeBytesAround(data) < length / 2; }

void copyToHugePages(uint8_t* data, size_t length, int fd, const std::atomic<bool>& stop) {
  // On Linux this is the priority of the calling thread alone.
  setpriority(PRIO_PROCESS, 0, kNiceness);
  const size_t mapped = roundUp(length, (size_t)sysconf(_SC_PAGESIZE));
  const size_t reserved = mapped + kHugePageBytes;
  void* const region = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return;
  madvise(region, reserved, MADV_HUGEPAGE);
  // A huge page can be moved whole if it begins at the same place between two multiples of its size as where it goes to.
  uint8_t* const copy = static_cast<uint8_t*>(region) + ((uintptr_t)data - (uintptr_t)region) % kHugePageBytes;
  size_t begin = 0;
  while (begin < mapped && !stop.load()) {
    const size_t end = std::min(mapped, begin + kPieceBytes - ((uintptr_t)data + begin) % kHugePageBytes);
    if (!readAll(fd, copy + begin, std::min(end, length) - begin, begin)) break;
    // The system may have no huge pages to give.
    if (begin == 0 && end >= kPieceBytes / 2 && hugeBytesAround(copy + kHugePageBytes) < end / 2) break;
    if (mprotect(copy + begin, end - begin, PROT_READ) != 0) break;
    if (mremap(copy + begin, end - begin, end - begin, MREMAP_MAYMOVE | MREMAP_FIXED, data + begin) == MAP_FAILED) {
      // The system may have removed the old pages already.
      mmap(data + begin, end - begin, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)begin);
      break;
    }
    begin = end;
  }
  // What was moved away is a hole, which nothing else may have taken meanwhile only on either side of it.
  munmap(region, (size_t)(copy - static_cast<uint8_t*>(region)));
  munmap(copy + begin, reserved - (size_t)(copy - static_cast<uint8_t*>(region)) - begin);
}

}  // namespace kernels

#else

namespace kernels {

bool liesInSmallPages(const uint8_t*, size_t) { return false; }
void copyToHugePages(uint8_t*, size_t, int, const std::atomic<bool>&) {}

}  // namespace kernels

#endif
