// One walk over the words of a program: first to check it and size its scratch, then, on every thread, to compute it.
#include "program.h"

namespace kernels {
namespace {

/** Calls visit(opcode, arguments) for each operation; stops and returns its index where that returns false. */
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

/** Reads the arguments and says whether all are there and fit one another. */
template <class Args>
bool check(Words& words, bool (Args::*valid)() const) {
  const Args args(words);
  return words.ok && (args.*valid)();
}

}  // namespace

Plan plan(const KernelTable& table, const double* words, size_t count) {
  Plan result = {-1, {0, 0}};
  const auto need = [&](Scratch scratch) {
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
        return args.ok && linear.valid() && need(table.linearScratch(linear));
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
      case Opcode::largestMagnitude: return check(args, &MagnitudeArgs::valid);
      case Opcode::groupMaxima: return check(args, &GroupMaximaArgs::valid);
      case Opcode::xorAll: return check(args, &XorArgs::valid);
    }
    return false;
  });
  return result;
}

namespace {

/** Values that one thread computes sooner than two threads meet. */
constexpr size_t kSmallValues = 4096;
/** Small phases that wait for their turn at most: no layer has more in a row. */
constexpr size_t kMaxWaiting = 8;

/** What the threads do between two meetings: an operation, or one of the two halves of a quantized linear layer. */
struct Phase {
  Opcode opcode;
  Words args;
  bool quantizesActivations;
};

/** Whether a phase is too small to share out. */
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
    case Opcode::largestMagnitude: return table.largestMagnitude(MagnitudeArgs(args), worker);
    case Opcode::groupMaxima: return table.groupMaxima(GroupMaximaArgs(args), worker);
    case Opcode::xorAll: return table.xorAll(XorArgs(args), worker);
  }
}

/**
 * The phases as one thread meets them. Large ones are shared out. Small ones wait for the next meeting, where the thread
 * that comes last computes them while the others are held: for a single token that saves most of the meetings.
 */
class Phases {
 public:
  Phases(const KernelTable& table, const Worker& worker) : table_(table), worker_(worker) {}

  /** False once the run is cancelled, for all threads at the same phase. */
  bool next(const Phase& phase) {
    if (isSmall(phase)) {
      if (waiting_ == kMaxWaiting && !meet()) return false;
      smallOnes_[waiting_++] = phase;
      return true;
    }
    if (!meet()) return false;
    compute(table_, phase, worker_);
    return true;
  }

  /** Returns when every thread has come and all phases so far are computed: true; or the run is cancelled: false. */
  bool meet() {
    worker_.shared->barrier.arrive(worker_.threads, [&] {
      const uint32_t cancelled = worker_.shared->cancelled.load();
      worker_.shared->ended.store(cancelled);
      if (cancelled != 0) return;
      const Worker alone = {0, 1, worker_.shared, worker_.common, worker_.own};
      giveOutAgain();
      for (size_t i = 0; i < waiting_; i++) {
        compute(table_, smallOnes_[i], alone);
        worker_.shared->counters[0].taken.store(0);
      }
    });
    waiting_ = 0;
    return worker_.shared->ended.load() == 0;
  }

 private:
  void giveOutAgain() const {
    for (uint32_t i = 0; i < worker_.threads; i++) worker_.shared->counters[i].taken.store(0);
  }

  const KernelTable& table_;
  const Worker& worker_;
  Phase smallOnes_[kMaxWaiting] = {};
  size_t waiting_ = 0;
};

}  // namespace

void execute(const KernelTable& table, const double* words, size_t count, Worker worker) {
  Phases phases(table, worker);
  const int64_t end = walk(words, count, [&](Opcode opcode, Words args) {
    Words copy = args;
    const bool isQuantized = opcode == Opcode::linear && LinearArgs(copy).groupSize != 0;
    if (isQuantized && !phases.next({opcode, args, true})) return false;
    return phases.next({opcode, args, false});
  });
  if (end < 0) phases.meet();
}

}  // namespace kernels
