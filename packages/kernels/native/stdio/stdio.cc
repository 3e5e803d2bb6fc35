// A program that computes the kernels' programs from standard input, for a host that cannot load the addon. Under an emulator it
// runs instruction sets that this machine lacks; test/30-kernels/support/emulated-kernels.ts is its host.
//
//   stdio BACKEND THREADS
//
// First it writes the address (uint64) of its memory, which is filled with zeros. A request is the numbers of buffers and of words
// (uint64 each); an address and a length (uint64 each) per buffer; the words; the bytes of each buffer. The answer is the index of
// a wrong operation or -1 (int64), whether a result was not finite (uint64), and the bytes of each buffer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../addon/cpu.h"
#include "../addon/executor.h"

namespace kernels {
namespace {

/** Address space for all buffers of a host; pages count once they are written. */
constexpr size_t kMemoryBytes = size_t{1} << 36;

struct Buffer {
  uint64_t address, length;
  uint8_t* data() const { return reinterpret_cast<uint8_t*>(address); }
};

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "stdio: %s\n", what);
  exit(1);
}

/** False at the end of the input. */
bool read(void* into, size_t bytes) { return fread(into, 1, bytes, stdin) == bytes; }

void write(const void* from, size_t bytes) {
  if (fwrite(from, 1, bytes, stdout) != bytes) fail("cannot write");
}

const KernelTable& tableOf(const char* backend) {
  for (const KernelTable* table : supportedTables()) {
    if (strcmp(table->name, backend) == 0) return *table;
  }
  fail("this CPU does not run that backend");
}

/** Waits for the threads of an executor. */
class Gate {
 public:
  void open() { done_.store(1), done_.wakeAll(); }
  void pass() { done_.waitWhile(0, 0), done_.store(0); }

 private:
  Word done_;
};

void serve(Executor& executor, Gate& gate) {
  uint64_t counts[2];
  while (read(counts, sizeof counts)) {
    std::vector<Buffer> buffers(counts[0]);
    std::vector<double> words(counts[1]);
    bool complete = read(buffers.data(), buffers.size() * sizeof(Buffer)) && read(words.data(), words.size() * sizeof(double));
    for (const Buffer& buffer : buffers) complete = complete && read(buffer.data(), buffer.length);
    if (!complete) fail("the request ends early");
    const int64_t invalid = executor.start(words.data(), words.size());
    if (invalid < 0) gate.pass();
    const uint64_t nonFinite = executor.nonFinite();
    write(&invalid, sizeof invalid);
    write(&nonFinite, sizeof nonFinite);
    for (const Buffer& buffer : buffers) write(buffer.data(), buffer.length);
    fflush(stdout);
  }
}

}  // namespace
}  // namespace kernels

int main(int argc, char** argv) {
  using namespace kernels;
  if (argc != 3) fail("expected a backend and a number of threads");
  void* memory = mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail("no memory");
  write(&memory, sizeof memory);
  fflush(stdout);
  Gate gate;
  const KernelTable& table = tableOf(argv[1]);
  Executor executor(table, table.tuning, (uint32_t)atoi(argv[2]), [&] { gate.open(); });
  serve(executor, gate);
}
