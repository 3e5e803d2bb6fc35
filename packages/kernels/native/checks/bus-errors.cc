// A program that raises bus errors of each kind on a mapped file, one scenario per process: test/30-kernels/87-bus-errors.test.ts.
//
//   bus-errors SCENARIO FILE
//
// Prints what happened and exits with 0, or ends by SIGBUS if a program without our handler would.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "../addon/file-memory.h"

namespace {

constexpr size_t kLength = 16 * 4096;
int handled = 0;
struct sigaction below;

void count(int) { handled++; }
void countWithInfo(int, siginfo_t* info, void*) { handled += info->si_code == BUS_OBJERR && info->si_addr != nullptr ? 1 : 100; }
void passOn(int signal, siginfo_t* info, void* context) {
  handled++;
  if (handled > 10) _exit(9);  // each calls the other
  below.sa_sigaction(signal, info, context);
}

void install(void (*handler)(int), void (*withInfo)(int, siginfo_t*, void*), int flags = 0) {
  struct sigaction action = {};
  if (withInfo != nullptr) action.sa_sigaction = withInfo;
  else action.sa_handler = handler;
  action.sa_flags = flags | (withInfo != nullptr ? SA_SIGINFO : 0);
  sigaction(SIGBUS, &action, &below);
}

/** A signal as the system would send it. */
void raiseAt(const void* address, int code) {
  siginfo_t info = {};
  info.si_signo = SIGBUS;
  info.si_code = code;
  info.si_addr = const_cast<void*>(address);
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGBUS, &info) != 0) _exit(8);
}

struct Map {
  const int fd;
  std::unique_ptr<kernels::MappedFile> file;

  explicit Map(const char* path) : fd(open(path, O_RDWR | O_CREAT, 0600)) {
    if (ftruncate(fd, kLength) != 0) _exit(8);
    file = std::make_unique<kernels::MappedFile>(fd, kLength, kernels::CopyMap::never);
  }
  void cut() {
    if (ftruncate(fd, 4096) != 0) _exit(8);
  }
  int last() const { return static_cast<volatile uint8_t*>(file->data())[kLength - 1]; }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 8;
  const std::string scenario = argv[1];
  const rlimit noCore = {0, 0};
  setrlimit(RLIMIT_CORE, &noCore);
  if (scenario == "previous-plain" || scenario == "ours-not-needed") install(count, nullptr);
  if (scenario == "previous-info") install(nullptr, countWithInfo);
  if (scenario == "previous-once") install(count, nullptr, SA_RESETHAND);
  if (scenario == "previous-ignores" || scenario == "previous-ignores-fault") install(SIG_IGN, nullptr);
  Map map(argv[2]);
  if (scenario == "cut" || scenario == "ours-not-needed") {
    map.cut();
    const int last = map.last();
    printf("%d, shrank %d, handled %d\n", last, map.file->shrank(), handled);
  } else if (scenario == "chained-on-top") {
    // The program installs a handler after ours, then maps close and open: ours must not be installed again.
    install(nullptr, passOn);
    map.file.reset();
    Map again(argv[2]);
    again.cut();
    const int last = again.last();
    printf("%d, shrank %d, handled %d\n", last, again.file->shrank(), handled);
  } else if (scenario == "object-error" || scenario == "previous-info") {
    raiseAt(map.file->data() + 5000, BUS_OBJERR);
    printf("zeros %d, handled %d\n", map.file->shrank(), handled);
  } else if (scenario == "memory-error" || scenario == "previous-ignores-fault") {
    raiseAt(map.file->data() + 5000, BUS_MCEERR_AR);
    printf("zeros %d, handled %d\n", map.file->shrank(), handled);
  } else if (scenario == "disk-error" || scenario == "previous-plain") {
    // The file has this page, so that reading it is retried, until the retries are used up.
    for (int i = 0; i < 1000 && handled == 0; i++) raiseAt(map.file->data() + 5000, BUS_ADRERR);
    printf("handled %d\n", handled);
  } else if (scenario == "previous-once") {
    raiseAt(map.file->data() + 5000, BUS_OBJERR);
    printf("handled %d\n", handled);
    fflush(stdout);
    raiseAt(map.file->data() + 5000, BUS_OBJERR);
  } else if (scenario == "other-address") {
    raiseAt(&handled, BUS_ADRERR);
  } else if (scenario == "sent" || scenario == "previous-ignores") {
    kill(getpid(), SIGBUS);
    printf("alive\n");
  }
  return 0;
}
