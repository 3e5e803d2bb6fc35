// Walks over the words of a program: once to check it and to size its scratch memory, then on every thread to compute it.
#include "program.h"

namespace kernels {
namespace {

/** Calls visit(opcode, arguments) for each operation. Returns the index of the first for which it returns false, else -1. */
template <class F>
int64_t walk(const double* words, size_t count, F visit) {
  const double *at = words, *end = words + count;
  for (int64_t index = 0; at < end; index++) {
    Words header(at, end);
    const size_t opcode = header.count(), length = header.count();
    if (!header.ok || length < 2 || length > (size_t)(end - at)) return index;
    if (!visit((Opcode)opcode, Words(at + 2, at + length))) return index;
    at += length;
  }
  return -1;
}

size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/** Whether all arguments are there and fit one another. */
template <class Args>
bool check(Words& words, bool (Args::*valid)() const) {
  const Args args(words);
  return words.ok && (args.*valid)();
}

}  // namespace

Plan plan(const KernelTable& table, const Tuning& tuning, const double* words, size_t count) {
  Plan result = {-1, {0, 0}};
  const auto need = [&](ScratchBytes scratch) {
    result.scratch.common = larger(result.scratch.common, scratch.common);
    result.scratch.perThread = larger(result.scratch.perThread, scratch.perThread);
    return true;
  };
  result.invalidOp = walk(words, count, [&](Opcode opcode, Words args) {
    switch (opcode) {
      case Opcode::embed: return check(args, &EmbedArgs::valid);
      case Opcode::rmsNorm: return check(args, &RmsNormArgs::valid);
      case Opcode::linear: {
        const LinearArgs linear(args);
        return args.ok && linear.valid() && need(table.linearScratch(linear, tuning));
      }
      case Opcode::rope: return check(args, &RopeArgs::valid);
      case Opcode::store: return check(args, &CacheArgs::validStore);
      case Opcode::attention: {
        const CacheArgs attention(args);
        return args.ok && attention.validAttention() && need(table.attentionScratch(attention));
      }
      case Opcode::swiGlu:
      case Opcode::add: return check(args, &PairArgs::valid);
      case Opcode::gather: return check(args, &GatherArgs::valid);
      case Opcode::softmax: return check(args, &SoftmaxArgs::valid);
      case Opcode::widen: return check(args, &WidenArgs::valid);
      case Opcode::quantize:
      case Opcode::dequantize: return check(args, &QuantizeArgs::valid);
      case Opcode::quantizeWeights: return check(args, &QuantizeWeightsArgs::valid);
      case Opcode::quantizePanels: return check(args, &QuantizePanelsArgs::valid);
      case Opcode::largestMagnitude: return check(args, &MagnitudeArgs::valid);
      case Opcode::groupMaxima: return check(args, &GroupMaximaArgs::valid);
      case Opcode::xorAll: return check(args, &XorArgs::valid);
    }
    return false;
  });
  return result;
}

namespace {

/** One thread computes this many values in less time than a barrier takes. */
constexpr size_t kSmallValues = 4096;
/** The most small phases that wait for a barrier. No layer has more in a row. */
constexpr size_t kMaxDeferred = 8;

/** The work of the threads between two barriers: an operation, or one of the two halves of a quantized linear layer. */
struct Phase {
  Opcode opcode;
  Words args;
  bool quantizesActivations;
};

/** Whether a phase is too small to be worth sharing among threads. */
bool isSmall(const Phase& phase) {
  constexpr auto small = [](size_t values) { return values <= kSmallValues; };
  Words args = phase.args;
  switch (phase.opcode) {
    case Opcode::embed: return small(EmbedArgs(args).out.length);
    case Opcode::rmsNorm: return small(RmsNormArgs(args).x.length);
    case Opcode::linear: return phase.quantizesActivations && small(LinearArgs(args).x.length);
    case Opcode::rope: return small(RopeArgs(args).x.length);
    case Opcode::store: return small(CacheArgs(args).first.length);
    case Opcode::swiGlu:
    case Opcode::add: return small(PairArgs(args).x.length);
    case Opcode::gather: return small(GatherArgs(args).out.length);
    default: return false;
  }
}

void compute(const KernelTable& table, const Phase& phase, const Worker& worker) {
  Words args = phase.args;
  switch (phase.opcode) {
    case Opcode::embed: return table.embed(EmbedArgs(args), worker);
    case Opcode::rmsNorm: return table.rmsNorm(RmsNormArgs(args), worker);
    case Opcode::linear:
      return (phase.quantizesActivations ? table.linearQuantize : table.linear)(LinearArgs(args), worker);
    case Opcode::rope: return table.rope(RopeArgs(args), worker);
    case Opcode::store: return table.store(CacheArgs(args), worker);
    case Opcode::attention: return table.attention(CacheArgs(args), worker);
    case Opcode::swiGlu: return table.swiGlu(PairArgs(args), worker);
    case Opcode::add: return table.add(PairArgs(args), worker);
    case Opcode::gather: return table.gather(GatherArgs(args), worker);
    case Opcode::softmax: return table.softmax(SoftmaxArgs(args), worker);
    case Opcode::widen: return table.widen(WidenArgs(args), worker);
    case Opcode::quantize: return table.quantize(QuantizeArgs(args), worker);
    case Opcode::dequantize: return table.dequantize(QuantizeArgs(args), worker);
    case Opcode::quantizeWeights: return table.quantizeWeights(QuantizeWeightsArgs(args), worker);
    case Opcode::quantizePanels: return table.quantizePanels(QuantizePanelsArgs(args), worker);
    case Opcode::largestMagnitude: return table.largestMagnitude(MagnitudeArgs(args), worker);
    case Opcode::groupMaxima: return table.groupMaxima(GroupMaximaArgs(args), worker);
    case Opcode::xorAll: return table.xorAll(XorArgs(args), worker);
  }
}

/**
 * The phases of a run, on one thread. Threads share a large phase. A small phase is deferred: the thread that arrives last at
 * the next barrier computes it while the others wait. That saves most of the barriers of a single token.
 */
class Phases {
 public:
  Phases(const KernelTable& table, const Worker& worker) : table_(table), worker_(worker) {}

  /**
   * Computes or defers a phase. False if the run is cancelled, in which case all threads get false for the same phase, and on a
   * thread that leaves the run.
   */
  bool next(const Phase& phase) {
    if (isSmall(phase)) {
      if (nDeferred_ == kMaxDeferred && !finishPhases()) return false;
      deferred_[nDeferred_++] = phase;
      return true;
    }
    if (!finishPhases()) return false;
    compute(table_, phase, worker_);
    return true;
  }

  /** Waits until all threads have computed all phases so far. False if the run is cancelled, and on a thread that leaves it. */
  bool finishPhases(bool areLast = false) {
    Shared& shared = *worker_.shared;
    const auto beforeRelease = [&](uint32_t waited) {
      const uint32_t cancelled = shared.cancelled.load();
      shared.ended.store(cancelled);
      if (cancelled != 0) return;
      const Worker alone = {0, 1, &shared, worker_.common, worker_.own};
      resetCounters();
      for (size_t i = 0; i < nDeferred_; i++) {
        compute(table_, deferred_[i], alone);
        shared.counters[0].taken.store(0);
      }
      if (!areLast) leaveOnLosses(waited);
    };
    shared.barrier.arrive(worker_.threads, shared.tuning.spins, beforeRelease);
    nDeferred_ = 0;
    // A thread that leaves does so first: the others may already have ended the run at a later barrier.
    return (areLast || stays()) && shared.ended.load() == 0;
  }

 private:
  void resetCounters() const {
    for (uint32_t i = 0; i < worker_.threads; i++) worker_.shared->counters[i].taken.store(0);
  }

  /** Makes half of the threads leave the run if too much time was lost. The last thread at a barrier calls it. */
  void leaveOnLosses(uint32_t waited) const {
    Shared& shared = *worker_.shared;
    if (worker_.threads == 1 || !shared.losses.add(waited, nowMicroseconds())) return;
    const uint32_t fewer = worker_.threads / 2;
    shared.losses.forget(false);
    shared.leaving.add(worker_.threads - fewer);
    shared.active.store(fewer);
  }

  /** Whether this thread goes on with the run. */
  bool stays() {
    Shared& shared = *worker_.shared;
    const uint32_t active = shared.active.load();
    if (worker_.thread < active) {
      worker_.threads = active;
      return true;
    }
    shared.leaving.add(UINT32_MAX);  // minus 1
    shared.leaving.wakeAll();
    return false;
  }

  const KernelTable& table_;
  Worker worker_;
  Phase deferred_[kMaxDeferred] = {};
  size_t nDeferred_ = 0;
};

}  // namespace

void execute(const KernelTable& table, const double* words, size_t count, Worker worker) {
  Phases phases(table, worker);
  const int64_t end = walk(words, count, [&](Opcode opcode, Words args) {
    Words copy = args;
    const bool quantizes = opcode == Opcode::linear && LinearArgs(copy).first.quantizesActivations();
    if (quantizes && !phases.next({opcode, args, true})) return false;
    return phases.next({opcode, args, false});
  });
  if (end < 0) phases.finishPhases(true);
}

}  // namespace kernels
