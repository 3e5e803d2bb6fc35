// A program that ends pools of threads at random moments of their runs. scripts/sanitize/test-sanitized.mjs builds it with each sanitizer.
//
//   endings ROUNDS SEED
//
// Exits with 0 if every round ended with the right numbers. SIGALRM ends a round that hangs.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <vector>

#include "../addon/executor.h"
#include "../sha256/streams.h"

namespace kernels {

extern const KernelTable genericTable;

namespace {

/** A round takes milliseconds, and much longer under a sanitizer on a busy machine. */
constexpr unsigned kRoundSeconds = 120;
/** Sizes of an addition that threads share, and of one that a single thread computes at a barrier. */
constexpr size_t kLarge = 20000, kSmall = 100;
constexpr size_t kCalls = 60;
constexpr uint32_t kThreadCounts[] = {1, 2, 3, 4, 7, 8, 16, 32, 64};

std::mt19937_64 randomBits;

uint32_t below(uint32_t end) { return (uint32_t)(randomBits() % end); }

void waitAMoment() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(below(3) == 0 ? below(3000) : below(200));
  while (std::chrono::steady_clock::now() < end) pauseBetweenSpins(0);
}

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "endings: %s\n", what);
  exit(1);
}

/** x += y, `kCalls` times for two pairs of arrays. */
struct Additions {
  std::vector<float> large = std::vector<float>(kLarge), small = std::vector<float>(kSmall);
  std::vector<float> ones = std::vector<float>(kLarge, 1);
  std::vector<double> words;

  Additions() {
    for (size_t i = 0; i < kCalls; i++) {
      add(large);
      add(small);
    }
  }

  bool isDone(size_t runs) const {
    const float expected = (float)(runs * kCalls);
    for (float value : large) {
      if (value != expected) return false;
    }
    for (float value : small) {
      if (value != expected) return false;
    }
    return true;
  }

 private:
  void add(const std::vector<float>& x) {
    const double length = (double)x.size();
    words.insert(words.end(), {(double)Opcode::add, 6, address(x), length, address(ones), length});
  }
  static double address(const std::vector<float>& array) { return (double)reinterpret_cast<uintptr_t>(array.data()); }
};

/** Counts calls from threads and waits for them. */
class Calls {
 public:
  void operator()() {
    count_.add(1);
    count_.wakeAll();
  }
  uint32_t count() const { return count_.load(); }
  void wait(uint32_t count) {
    for (uint32_t now = count_.load(); now < count; now = count_.load()) count_.waitWhile(now, 0);
  }

 private:
  Word count_;
};

void roundOfExecutor() {
  Additions additions;
  Calls done;
  const uint32_t threads = kThreadCounts[below(std::size(kThreadCounts))];
  uint32_t started = 0;
  bool isCancelled = false;
  {
    Executor executor(genericTable, genericTable.tuning, threads, [&] { done(); });
    const uint32_t runs = below(4);
    for (; started < runs; started++) {
      if (executor.start(additions.words.data(), additions.words.size()) >= 0) fail("a program was refused");
      waitAMoment();
      if (started + 1 == runs) {
        started++;
        break;  // this one ends with the pool
      }
      if (below(4) == 0) {
        executor.cancel();
        isCancelled = true;
      }
      done.wait(started + 1);
      if (executor.isRunning()) fail("a run is not over when it says so");
      if (!isCancelled && !additions.isDone(started + 1)) fail("wrong numbers");
    }
  }
  if (done.count() != started) fail("a run did not say that it was over");
}

void roundOfSha256() {
  const std::vector<uint8_t> bytes(1 + below(1 << 20), 7);
  Calls hashed;
  Sha256Streams streams([&] { hashed(); });
  for (uint32_t i = 0, count = below(6); i < count; i++) {
    const uint32_t stream = streams.open();
    streams.update(stream, bytes.data(), bytes.size(), i);
    streams.update(stream, bytes.data(), bytes.size() / 3, 100 + i);
    if (below(4) == 0) streams.discard(stream);
  }
  waitAMoment();
  streams.takeHashed();
}

}  // namespace
}  // namespace kernels

int main(int argc, char** argv) {
  using namespace kernels;
  if (argc != 3) fail("expected ROUNDS SEED");
  const int rounds = atoi(argv[1]);
  randomBits.seed((uint64_t)atoll(argv[2]));
  for (int i = 0; i < rounds; i++) {
    alarm(kRoundSeconds);
    roundOfExecutor();
    if (hasSha256()) roundOfSha256();
  }
  printf("%d of %d rounds\n", rounds, rounds);
}
