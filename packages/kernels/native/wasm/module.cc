// The WebAssembly module: what src/wasm calls on its thread and on its workers, which all share one memory.
#include "../program.h"

namespace kernels {

extern const KernelTable wasmTable;

namespace {

/** A thread without work looks this often for more before it sleeps. */
constexpr int kIdleSpins = 2000;

struct State {
  Shared shared;
  /** Changes when there is something to do: the workers sleep on it. */
  Word generation;
  Word stopping;
  const double* words;
  uint32_t count;
  uint32_t threads;
  uint8_t* memory;
  Plan planned;
};

// Constant: a constructor would run again, and start afresh, in every instance and call.
constinit State state = {};

}  // namespace
}  // namespace kernels

using namespace kernels;

#define EXPORT(name) extern "C" __attribute__((export_name(name)))

/** Called on worker 0 when a program is computed. */
extern "C" __attribute__((import_module("env"), import_name("done"))) void done();

/** Checks a program: the index of a wrong operation, or -1. */
EXPORT("plan") int32_t planProgram(const double* words, uint32_t count) {
  state.planned = plan(wasmTable, words, count);
  return (int32_t)state.planned.invalidOp;
}

/** Bytes of scratch the planned program needs. */
EXPORT("scratchBytes") uint32_t scratchBytes(uint32_t threads) {
  return (uint32_t)(state.planned.scratch.common + threads * state.planned.scratch.perThread);
}

/** Hands the planned program to the workers. */
EXPORT("start") void start(const double* words, uint32_t count, uint8_t* scratch, uint32_t threads) {
  state.words = words;
  state.count = count;
  state.memory = scratch;
  state.threads = threads;
  state.shared.cancelled.store(0);
  state.shared.nonFinite.store(0);
  state.generation.add(1);
  state.generation.wakeAll();
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

/** What a worker does until stop(). */
EXPORT("work") void work(uint32_t thread) {
  uint32_t seen = 0;
  for (;;) {
    state.generation.waitWhile(seen, kIdleSpins);
    seen = state.generation.load();
    if (state.stopping.load() != 0) return;
    uint8_t* own = state.memory + state.planned.scratch.common + thread * state.planned.scratch.perThread;
    execute(wasmTable, state.words, state.count, {thread, state.threads, &state.shared, state.memory, own});
    if (thread == 0) done();
  }
}
