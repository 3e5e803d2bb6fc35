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
      case Opcode::quantizationError: return check(args, &QuantizationErrorArgs::valid);
      case Opcode::largestMagnitude: return check(args, &MagnitudeArgs::valid);
      case Opcode::xorAll: return check(args, &XorArgs::valid);
    }
    return false;
  });
  return result;
}

void execute(const KernelTable& table, const double* words, size_t count, Worker worker) {
  Shared& shared = *worker.shared;
  const auto meet = [&] {
    shared.barrier.arrive(worker.threads, [&] {
      for (uint32_t i = 0; i < worker.threads; i++) shared.counters[i].taken.store(0);
    });
    return true;
  };
  walk(words, count, [&](Opcode opcode, Words args) {
    switch (opcode) {
      case Opcode::embed: table.embed(EmbedArgs(args), worker); break;
      case Opcode::rmsNorm: table.rmsNorm(RmsNormArgs(args), worker); break;
      case Opcode::linear: {
        const LinearArgs linear(args);
        if (linear.groupSize != 0) {
          table.linearQuantize(linear, worker);
          meet();
        }
        table.linear(linear, worker);
        break;
      }
      case Opcode::rope: table.rope(RopeArgs(args), worker); break;
      case Opcode::store: table.store(CacheArgs(args), worker); break;
      case Opcode::attention: table.attention(CacheArgs(args), worker); break;
      case Opcode::swiGlu: table.swiGlu(PairArgs(args), worker); break;
      case Opcode::add: table.add(PairArgs(args), worker); break;
      case Opcode::gather: table.gather(GatherArgs(args), worker); break;
      case Opcode::softmax: table.softmax(SoftmaxArgs(args), worker); break;
      case Opcode::widen: table.widen(WidenArgs(args), worker); break;
      case Opcode::quantize: table.quantize(QuantizeArgs(args), worker); break;
      case Opcode::dequantize: table.dequantize(QuantizeArgs(args), worker); break;
      case Opcode::quantizationError: table.quantizationError(QuantizationErrorArgs(args), worker); break;
      case Opcode::largestMagnitude: table.largestMagnitude(MagnitudeArgs(args), worker); break;
      case Opcode::xorAll: table.xorAll(XorArgs(args), worker); break;
    }
    return meet();
  });
}

}  // namespace kernels
