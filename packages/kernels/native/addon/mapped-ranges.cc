#include "mapped-ranges.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <system_error>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace kernels {
namespace {

/** The most maps of one process. The table has a fixed size because a signal handler may neither lock nor allocate. */
constexpr size_t kMaxMaps = 256;
/**
 * How often per map a read is retried after a fault at a page that the file has. Either the file has become longer again and the
 * page can be read now, or the disk fails.
 */
constexpr int kMaxRetries = 64;

struct Range {
  /** Addresses; `end` is 0 if the entry is free. */
  std::atomic<uintptr_t> begin{0}, end{0};
  std::atomic<int> fd{-1};
  std::atomic<int> retries{0};
  std::atomic<bool> hasFaulted{false};
};
Range ranges[kMaxMaps];
std::mutex rangesMutex;

/** The handler that was installed before ours. Written once, before ours can run. */
struct sigaction previous;
/** Whether the previous handler, if it was to be called only once, was called. */
std::atomic<bool> isPreviousUsed{false};

uintptr_t pageOf(uintptr_t address) { return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1); }

/** Handles a fault at an address of a map. True if the instruction that read it can run again. */
bool handleFault(uintptr_t address) {
  for (Range& range : ranges) {
    const uintptr_t begin = range.begin.load(), end = range.end.load();
    if (address < begin || address >= end || range.begin.load() != begin) continue;
    const uintptr_t page = pageOf(address);
    struct stat now;
    if (fstat(range.fd.load(), &now) != 0) return false;
    if ((uint64_t)now.st_size > page - begin) {
      range.hasFaulted.store(true);
      return range.retries.fetch_add(1) < kMaxRetries;
    }
    void* zeros = mmap((void*)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) return false;
    range.hasFaulted.store(true);
    return true;
  }
  return false;
}

/** Whether a page may be missing from a map. macOS does not distinguish such faults from others. */
bool isMissingPage([[maybe_unused]] const siginfo_t& info) {
#if defined(__APPLE__)
  return info.si_code > 0;
#else
  return info.si_code == BUS_ADRERR;
#endif
}

/** Whether an instruction of this thread raised the signal and would do so again. */
bool isOfInstruction(const siginfo_t& info) {
#if defined(BUS_MCEERR_AO)
  if (info.si_code == BUS_MCEERR_AO) return false;
#endif
  return info.si_code > 0 && info.si_code != SI_USER;
}

/** Makes this signal end the process as soon as the handler returns, with the system's information about it. */
void endProcess(int signal, [[maybe_unused]] siginfo_t* info) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
#if defined(__linux__)
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info) == 0) return;
#endif
  raise(signal);
}

/** Does what would happen if our handler were not installed. */
void passOn(int signal, siginfo_t* info, void* context) {
  const bool isOnce = (previous.sa_flags & SA_RESETHAND) != 0;
  const bool isUsed = isOnce && isPreviousUsed.exchange(true);
  const bool takesInfo = (previous.sa_flags & SA_SIGINFO) != 0;
  if (!takesInfo && previous.sa_handler == SIG_IGN && !isOfInstruction(*info)) return;
  // An ignored fault ends the process too, since the instruction cannot continue.
  if (isUsed || (!takesInfo && (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN))) {
    return endProcess(signal, info);
  }
  // The system restores the signal mask of the thread when our handler returns.
  pthread_sigmask(SIG_BLOCK, &previous.sa_mask, nullptr);
  if ((previous.sa_flags & SA_NODEFER) != 0) {
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, signal);
    pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
  }
  if (takesInfo) previous.sa_sigaction(signal, info, context);
  else previous.sa_handler(signal);
}

void onBusError(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const bool isHandled = isMissingPage(*info) && handleFault((uintptr_t)info->si_addr);
  if (!isHandled) passOn(signal, info, context);
  errno = savedErrno;
}

/** Keeps this code in memory after the environment that loaded it ends, since the handler is part of it. */
void pinCode() {
  Dl_info here;
  if (dladdr((void*)onBusError, &here) != 0 && here.dli_fname != nullptr) {
    dlopen(here.dli_fname, RTLD_NOW | RTLD_NODELETE | RTLD_NOLOAD);
  }
}

/**
 * Installs the handler, once; it is never removed. A handler that the program installs later may call ours. If ours were installed
 * again after that, each would call the other without end.
 */
void installHandler() {
  pinCode();
  sigaction(SIGBUS, nullptr, &previous);
  struct sigaction action = {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

size_t addMappedRange(const uint8_t* data, size_t length, int fd) {
  const std::lock_guard<std::mutex> lock(rangesMutex);
  for (size_t i = 0; i < kMaxMaps; i++) {
    Range& range = ranges[i];
    if (range.end.load() != 0) continue;
    range.hasFaulted.store(false);
    range.retries.store(0);
    range.fd.store(fd);
    range.begin.store((uintptr_t)data);
    range.end.store((uintptr_t)data + length);
    [[maybe_unused]] static const bool isInstalled = (installHandler(), true);
    return i;
  }
  throw std::system_error(EMFILE, std::generic_category(), "too many mapped files");
}

void removeMappedRange(size_t range) {
  const std::lock_guard<std::mutex> lock(rangesMutex);
  ranges[range].end.store(0);
  ranges[range].begin.store(0);
}

bool hasFaulted(size_t range) { return ranges[range].hasFaulted.load(); }

}  // namespace kernels
