// Rows by index: of the embedding table, dequantized, and of a batch.
#pragma once

#include "elementwise.h"
#include "weights.h"

namespace {

void embed(const EmbedArgs& args, const Worker& worker) {
  const size_t cols = args.table.cols;
  withWeights(args.table, [&](const auto& weights) {
    forRows(worker, args.tokens.length, [&](size_t i) {
      weights.dequantizeRow(args.out.data + i * cols, (size_t)args.tokens.data[i]);
    });
  });
}

void gather(const GatherArgs& args, const Worker& worker) {
  forRows(worker, args.rows.length, [&](size_t i) {
    const float* row = args.x.data + (size_t)args.rows.data[i] * args.cols;
    memcpy(args.out.data + i * args.cols, row, args.cols * sizeof(float));
  });
}

}  // namespace
