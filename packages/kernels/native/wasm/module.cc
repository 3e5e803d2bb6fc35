// The exports of the WebAssembly module. src/wasm calls them on its thread and on its workers, which all share one memory.
#include "../program.h"

namespace kernels {

extern const KernelTable wasmTable;

namespace {

/** How often a thread without work checks for more before it sleeps. */
constexpr uint32_t kIdleSpins = 2000;

struct State {
  Shared shared;
  /** Changes when there is something to do. The workers sleep on it. */
  Word generation;
  Word stopping;
  const double* words;
  uint32_t count;
  uint32_t threads;
  uint8_t* memory;
  Plan planned;
};

// Initialized at compile time: a constructor would run in every instance, and reset the state that the instances share.
constinit State state = {};

void prepare(const double* words, uint32_t count, uint8_t* scratch, uint32_t threads) {
  state.words = words;
  state.count = count;
  state.memory = scratch;
  state.threads = threads;
  state.shared.active.store(threads);
  state.shared.cancelled.store(0);
  state.shared.nonFinite.store(0);
}

/** Runs one thread's part of the program. */
void executeShare(uint32_t thread) {
  uint8_t* own = state.memory + state.planned.scratch.common + thread * state.planned.scratch.perThread;
  execute(wasmTable, state.words, state.count, {thread, state.threads, &state.shared, state.memory, own});
}

}  // namespace
}  // namespace kernels

using namespace kernels;

#define EXPORT(name) extern "C" __attribute__((export_name(name)))

/** Called on worker 0 after a program was computed. */
extern "C" __attribute__((import_module("env"), import_name("done"))) void done();

EXPORT("rowCost") double rowCost() { return wasmTable.rowCost; }

EXPORT("prefersGroupMaxima") uint32_t prefersGroupMaxima() { return wasmTable.prefersGroupMaxima; }

/** Checks a program; returns the index of a wrong operation, or -1. */
EXPORT("plan") int32_t planProgram(const double* words, uint32_t count) {
  state.shared.tuning = wasmTable.tuning;
  state.planned = plan(wasmTable, wasmTable.tuning, words, count);
  return (int32_t)state.planned.invalidOp;
}

/** Bytes of scratch memory that the planned program needs. */
EXPORT("scratchBytes") uint32_t scratchBytes(uint32_t threads) {
  return (uint32_t)(state.planned.scratch.common + threads * state.planned.scratch.perThread);
}

/** Hands the planned program to the workers. */
EXPORT("start") void start(const double* words, uint32_t count, uint8_t* scratch, uint32_t threads) {
  prepare(words, count, scratch, threads);
  state.generation.add(1);
  state.generation.wakeAll();
}

/** Computes the planned program on the caller's thread, where there are no workers. */
EXPORT("compute") void compute(const double* words, uint32_t count, uint8_t* scratch) {
  prepare(words, count, scratch, 1);
  executeShare(0);
}

EXPORT("cancel") void cancel() { state.shared.cancelled.store(1); }

EXPORT("nonFinite") uint32_t nonFinite() { return state.shared.nonFinite.load(); }

/** Makes the workers return. */
EXPORT("stop") void stop() {
  cancel();
  state.stopping.store(1);
  state.generation.add(1);
  state.generation.wakeAll();
}

/** Computes programs on a worker until stop(). */
EXPORT("work") void work(uint32_t thread) {
  uint32_t seen = 0;
  for (;;) {
    state.generation.waitWhile(seen, kIdleSpins);
    seen = state.generation.load();
    if (state.stopping.load() != 0) return;
    executeShare(thread);
    if (thread == 0) done();
  }
}
