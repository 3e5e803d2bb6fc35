// Causal attention over the key/value cache, with grouped queries.
//
// A unit of work is a block of rows of one sequence with one key/value head. Its queries share the loads of keys and values. A
// score is a sum16. The lanes of sixteen consecutive positions are folded together, so that in the end a lane is a position.
// Positions after a row's own get the score -infinity. Its exp is +0, which changes no sum, and +0 times a value adds nothing.
#pragma once

#include "../simd/across-lanes.h"
#include "cache.h"

namespace {

/** Rows of a prompt that share loads of keys and values. */
constexpr size_t kBlockRows = 4;
/** Queries that share a load of values: as many as have their accumulators in registers. */
constexpr int kQueries = VEC_BYTES == 64 ? 4 : VEC_BYTES == 32 ? 2 : 1;
/** Positions whose values stay in the first-level cache while all queries of a block use them. */
constexpr size_t kValueChunk = 32;
/** How many positions ahead keys and values are prefetched. */
constexpr size_t kAheadPositions = 32;
/** Sixteen-lane accumulators of one query's output. */
constexpr int kValueTile = VEC_BYTES == 64 ? 4 : 2;

/** The queries of a unit: consecutive heads of consecutive rows. */
struct QueryBlock {
  const float* q;
  float* out;
  /** Floats from one row of the batch to the next. */
  size_t rowStride;
  size_t rows, heads, headDim;
  size_t count() const { return rows * heads; }
  size_t offset(size_t i) const { return i / heads * rowStride + i % heads * headDim; }
};

/** Keys or values of consecutive positions, and the address of those used some chunks later, of which as many are prefetched. */
template <class T>
struct Chunk {
  const T* data;
  const T* ahead;
  size_t positions;
};

/** Prefetches elements [begin, end). */
template <class T>
INLINE void prefetch(const T* data, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i += 64 / sizeof(T)) __builtin_prefetch(data + i);
}

/**
 * The sum16 of a query with each of sixteen positions. If there are fewer, the last one is repeated. A head has
 * Sixteens * 16 dimensions; 0 means any number.
 */
template <size_t Sixteens, bool AreSixteen>
INLINE F16 dotPositions(const float* q, const float* keys, size_t positions, size_t headDim) {
  F16 sums;
  ROLLED for (int set = 0; set < kRegs; set++) {
    vf rows[kLanes];
    ROLLED for (int i = 0; i < kLanes; i++) {
      const size_t position = set * kLanes + i;
      const float* key = keys + (AreSixteen ? position : smaller(position, positions - 1)) * (Sixteens != 0 ? Sixteens * 16 : headDim);
      F16 acc = splat16(0.0f);
      if (Sixteens != 0) {
        UNROLL for (size_t d = 0; d < Sixteens * 16; d += 16) acc = acc + load16(q + d) * load16(key + d);
      } else {
        for (size_t d = 0; d < headDim; d += 16) acc = acc + loadUpTo16(q + d, headDim - d) * loadUpTo16(key + d, headDim - d);
      }
      rows[i] = foldToRegister(acc);
    }
    sums.r[set] = sumRows(rows);
  }
  return sums;
}

/** Scores, (queries, stride), of all queries of a block with at most sixteen positions. Each query prefetches a share of the keys. */
template <size_t Sixteens, bool AreSixteen>
OUTLINE void scoreQueries(const QueryBlock& block, float* scores, size_t stride, const Chunk<float>& keys) {
  const size_t headDim = block.headDim, count = block.count(), length = keys.positions * headDim;
  const F16 scale = splat16(1.0f / __builtin_sqrtf((float)headDim));
  for (size_t i = 0; i < count; i++) {
    prefetch(keys.ahead, length * i / count, length * (i + 1) / count);
    const F16 dots = dotPositions<Sixteens, AreSixteen>(block.q + block.offset(i), keys.data, keys.positions, headDim);
    store16(scores + i * stride, dots * scale);
  }
}

template <size_t Sixteens>
INLINE void scorePositions(const QueryBlock& block, float* scores, size_t stride, const Chunk<float>& keys) {
  if (keys.positions == 16) scoreQueries<Sixteens, true>(block, scores, stride, keys);
  else scoreQueries<Sixteens, false>(block, scores, stride, keys);
}

INLINE void scorePositions(const QueryBlock& block, float* scores, size_t stride, const Chunk<float>& keys) {
  if (block.headDim == 64) scorePositions<4>(block, scores, stride, keys);
  else if (block.headDim == 128) scorePositions<8>(block, scores, stride, keys);
  else scorePositions<0>(block, scores, stride, keys);
}

/** Keys as float32; half-precision keys are widened into `room`. */
INLINE Chunk<float> asFloats(const Chunk<float>& keys, size_t, float*) { return keys; }
INLINE Chunk<float> asFloats(const Chunk<uint16_t>& keys, size_t headDim, float* room) {
  const size_t n = keys.positions * headDim;
  prefetch(keys.ahead, 0, n);
  forSixteens(n, [&](size_t i, size_t count) { storeUpTo16(room + i, loadCachedUpTo16(keys.data + i, count), count); });
  return {room, room, keys.positions};
}

/** Probabilities of the positions of a chunk, (queries, stride), and whether it is the first. */
struct Probabilities {
  const float* data;
  size_t stride;
  bool areFirst;
};

/**
 * out[query][d …] += p[t] * v[t][d …], for Q queries and D * 16 dimensions from d on. If `IsLast`, these are the last dimensions
 * of the head, and may be fewer than sixteen.
 */
template <int Q, int D, bool IsLast, bool Prefetches, class T>
OUTLINE void addTile(const QueryBlock& block, size_t first, size_t d, const Probabilities& p, const Chunk<T>& values) {
  const size_t headDim = block.headDim, width = IsLast ? headDim - d : 16;
  const float* weights = p.data + first * p.stride;
  float* out[Q];
  F16 acc[Q][D];
  UNROLL for (int i = 0; i < Q; i++) {
    out[i] = block.out + block.offset(first + i) + d;
    UNROLL for (int j = 0; j < D; j++) acc[i][j] = p.areFirst ? splat16(0.0f) : loadUpTo16(out[i] + j * 16, width);
  }
  for (size_t t = 0, at = d; t < values.positions; t++, at += headDim) {
    F16 v[D];
    UNROLL for (int j = 0; j < D; j++) {
      if (Prefetches) __builtin_prefetch(values.ahead + at + j * 16);
      v[j] = IsLast ? loadCachedUpTo16(values.data + at, width) : loadCached(values.data + at + j * 16);
    }
    UNROLL for (int i = 0; i < Q; i++) {
      const F16 weight = splat16(weights[i * p.stride + t]);
      UNROLL for (int j = 0; j < D; j++) acc[i][j] = acc[i][j] + weight * v[j];
    }
  }
  UNROLL for (int i = 0; i < Q; i++) {
    UNROLL for (int j = 0; j < D; j++) storeUpTo16(out[i] + j * 16, acc[i][j], width);
  }
}

/** Adds the values of a chunk, in all dimensions, for Q queries. */
template <int Q, bool Prefetches, class T>
INLINE void addValues(const QueryBlock& block, size_t first, const Probabilities& p, const Chunk<T>& values) {
  size_t d = 0;
  for (; d + 16 * kValueTile <= block.headDim; d += 16 * kValueTile) {
    addTile<Q, kValueTile, false, Prefetches>(block, first, d, p, values);
  }
  for (; d < block.headDim; d += 16) addTile<Q, 1, true, Prefetches>(block, first, d, p, values);
}

/** Adds the values of a chunk for queries from `first` on, at most Q. */
template <int Q, bool Prefetches, class T>
INLINE void addValuesUpTo(const QueryBlock& block, size_t first, const Probabilities& p, const Chunk<T>& values) {
  if (block.count() - first >= Q) addValues<Q, Prefetches>(block, first, p, values);
  else if constexpr (Q > 1) addValuesUpTo<Q - 1, Prefetches>(block, first, p, values);
}

/** Adds the values of a chunk for all queries; the first of them prefetch. */
template <class T>
INLINE void addValues(const QueryBlock& block, const Probabilities& p, const Chunk<T>& values) {
  addValuesUpTo<kQueries, true>(block, 0, p, values);
  for (size_t i = kQueries; i < block.count(); i += kQueries) addValuesUpTo<kQueries, false>(block, i, p, values);
}

/** f(chunk, its first position) for the chunks of `positions`. `next` is read after them, and is what their end prefetches. */
template <size_t ChunkPositions, class T, class F>
INLINE void forChunks(const T* data, const T* next, size_t positions, size_t headDim, F f) {
  const size_t room = unitsOf(positions, ChunkPositions) * ChunkPositions;
  for (size_t begin = 0; begin < positions; begin += ChunkPositions) {
    const size_t later = begin + kAheadPositions;
    const T* ahead = later < positions ? data + later * headDim : next + (later - room) * headDim;
    f(Chunk<T>{data + begin * headDim, ahead, smaller(ChunkPositions, positions - begin)}, begin);
  }
}

/** Rows [row, row + rows) of a segment with one key/value head. */
template <class T>
void attendBlock(const CacheArgs& args, const Segment& segment, const QueryBlock& block, size_t row, size_t head,
                 uint8_t* own) {
  const size_t headDim = args.headDim, room = segment.seqLen * headDim, cached = (args.layer * args.nKvHeads + head) * room;
  const T* keys = reinterpret_cast<const T*>(segment.keys.data) + cached;
  const T* values = reinterpret_cast<const T*>(segment.values.data) + cached;
  const size_t end = segment.position + row + block.rows, stride = unitsOf(end, 16) * 16, count = block.count();
  float* scores = reinterpret_cast<float*>(own);
  forChunks<16>(keys, values, end, headDim, [&](const Chunk<T>& chunk, size_t begin) {
    scorePositions(block, scores + begin, stride, asFloats(chunk, headDim, scores + count * stride));
  });
  for (size_t i = 0; i < count; i++) {
    const size_t positions = segment.position + row + i / block.heads + 1;
    float* p = scores + i * stride;
    softmaxPadded(p, positions);
    for (size_t t = unitsOf(positions, 16) * 16; t < stride; t++) p[t] = 0;
  }
  // The keys of the next head follow: most often they are the next unit of this thread.
  forChunks<kValueChunk>(values, keys + room, end, headDim, [&](const Chunk<T>& chunk, size_t begin) {
    addValues(block, Probabilities{scores + begin, stride, begin == 0}, chunk);
  });
}

INLINE size_t batchRows(const CacheArgs& args) {
  Words words = args.segments;
  size_t rows = 0;
  for (size_t i = 0; i < args.count; i++) rows += Segment(words).nRows;
  return rows;
}

ScratchBytes attentionScratch(const CacheArgs& args) {
  Words words = args.segments;
  size_t rows = 0, positions = 0, blockRows = 1;
  for (size_t i = 0; i < args.count; i++) {
    const Segment segment(words);
    const size_t end = segment.position + segment.nRows;
    rows += segment.nRows;
    if (end > positions) positions = end;
    if (segment.nRows > 1) blockRows = kBlockRows;
  }
  const size_t heads = args.first.length / rows / args.nKvHeads / args.headDim;
  const size_t scores = blockRows * heads * unitsOf(positions, 16) * 16, widened = 16 * args.headDim;
  return {0, aligned((scores + widened) * sizeof(float))};
}

void attention(const CacheArgs& args, const Worker& worker) {
  const size_t rowStride = args.first.length / batchRows(args);
  const size_t heads = rowStride / args.nKvHeads / args.headDim;
  forSegments(
      args, worker, [&](const Segment& segment) { return unitsOf(segment.nRows, kBlockRows) * args.nKvHeads; },
      [&](const Segment& segment, size_t unit) {
        const size_t head = unit % args.nKvHeads, row = unit / args.nKvHeads * kBlockRows;
        const size_t offset = (segment.row + row) * rowStride + head * heads * args.headDim;
        const QueryBlock block = {args.first.data + offset,         args.second.data + offset, rowStride,
                                  smaller(kBlockRows, segment.nRows - row), heads,             args.headDim};
        if (segment.half) attendBlock<uint16_t>(args, segment, block, row, head, worker.own);
        else attendBlock<float>(args, segment, block, row, head, worker.own);
      });
}

}  // namespace
