// The key/value cache: writing it, and causal attention over it with grouped queries.
//
// A unit of work is a block of rows of one sequence with one key/value head, whose queries share every load of keys and
// values. Keys are transposed sixteen positions at a time, so that a lane is a position and the canonical sum16 of a
// score is taken lane by lane without shuffles. Positions past a row's own get the score -infinity, whose exp is +0:
// it changes no sum, and +0 times a value adds nothing.
#pragma once

#include "linear-shape.h"
#include "quantize.h"

namespace {

/** Rows of a prompt that share loads of keys and values. */
constexpr size_t kBlockRows = 4;
/** Positions whose values stay in the first-level cache while all queries of a block use them. */
constexpr size_t kValueChunk = 64;
/** Queries computed together: their accumulators fit the registers. */
constexpr int kQueries = VEC_BYTES == 64 ? 4 : VEC_BYTES == 32 ? 2 : 1;
/** Positions ahead of those at work whose keys and values the first queries of a block fetch from memory. */
constexpr size_t kAheadPositions = 32;
/** Sixteen-lane accumulators of one query's output. */
constexpr int kValueTile = VEC_BYTES == 64 ? 4 : 2;

template <class T>
INLINE F16 loadCached(const T* p) {
  if constexpr (sizeof(T) == 4) return load16(p);
  else return loadHalf16(p);
}
template <class T>
INLINE F16 loadCachedUpTo16(const T* p, size_t n) {
  if (n >= 16) return loadCached(p);
  T part[16] = {};
  memcpy(part, p, n * sizeof(T));
  return loadCached(part);
}

template <class T>
INLINE void storeVector(T* to, const float* from, size_t n) {
  if constexpr (sizeof(T) == 4) memcpy(to, from, n * sizeof(T));
  else {
    for (size_t i = 0; i < n; i += 16) storeHalf16(to + i, loadUpTo16(from + i, n - i), smaller(16, n - i));
  }
}

template <class T>
void storeSegment(const CacheArgs& args, const Segment& segment, size_t row) {
  for (size_t head = 0; head < args.nKvHeads; head++) {
    const size_t from = ((segment.row + row) * args.nKvHeads + head) * args.headDim;
    const size_t position = segment.position + row;
    const size_t to = ((args.layer * args.nKvHeads + head) * segment.seqLen + position) * args.headDim;
    storeVector(reinterpret_cast<T*>(segment.keys.data) + to, args.first.data + from, args.headDim);
    storeVector(reinterpret_cast<T*>(segment.values.data) + to, args.second.data + from, args.headDim);
  }
}

/** f(segment, unit within it) for the units that are this thread's; `unitsIn(segment)` counts them. */
template <class Units, class F>
INLINE void forSegments(const CacheArgs& args, const Worker& worker, Units unitsIn, F f) {
  size_t total = 0;
  Words counting = args.segments;
  for (size_t i = 0; i < args.count; i++) total += unitsIn(Segment(counting));
  for (size_t unit; (unit = worker.next(total)) < total;) {
    Words words = args.segments;
    for (size_t i = 0; i < args.count; i++) {
      const Segment segment(words);
      const size_t units = unitsIn(segment);
      if (unit < units) {
        f(segment, unit);
        break;
      }
      unit -= units;
    }
  }
}

void store(const CacheArgs& args, const Worker& worker) {
  forSegments(
      args, worker, [](const Segment& segment) { return segment.nRows; },
      [&](const Segment& segment, size_t row) {
        if (segment.half) storeSegment<uint16_t>(args, segment, row);
        else storeSegment<float>(args, segment, row);
      });
}

/** Keys of up to sixteen positions as [dimension][position], zeros where there is none. */
template <class T>
INLINE void transposeKeys(float* out, const T* keys, size_t positions, size_t headDim) {
  for (size_t d = 0; d < headDim; d += 16) {
    F16 row[16];
    for (size_t t = 0; t < 16; t++) {
      row[t] = t < positions ? loadCachedUpTo16(keys + t * headDim + d, headDim - d) : splat16(0.0f);
    }
    UNROLL for (int set = 0; set < 16; set += kLanes) {
      UNROLL for (int part = 0; part < kRegs; part++) {
        vf block[kLanes];
        UNROLL for (int i = 0; i < kLanes; i++) block[i] = row[set + i].r[part];
        transpose(block);
        UNROLL for (int i = 0; i < kLanes; i++) storeAs(out + (d + part * kLanes + i) * 16 + set, block[i]);
      }
    }
  }
}

/** Scores of Q queries with sixteen positions: a query's sum16 tree, one position a lane. As many keys are fetched from `ahead`. */
template <int Q, class T>
struct ScoreTree {
  const float* const* q;
  const float* keys;
  size_t headDim;
  const T* ahead;

  /** acc = lane J of sum16, or of the sums already folded to `Width` lanes. */
  template <int J, int Width>
  INLINE void fold(F16* acc) const {
    if constexpr (Width == 16) {
      UNROLL for (int i = 0; i < Q; i++) acc[i] = splat16(0.0f);
      for (size_t d = J; d < headDim; d += 16) {
        const F16 k = load16(keys + d * 16);
        if (ahead != nullptr) __builtin_prefetch(ahead + d * 16);
        UNROLL for (int i = 0; i < Q; i++) acc[i] = acc[i] + splat16(q[i][d]) * k;
      }
    } else {
      F16 other[Q];
      fold<J, 2 * Width>(acc);
      fold<J + Width, 2 * Width>(other);
      UNROLL for (int i = 0; i < Q; i++) acc[i] = acc[i] + other[i];
    }
  }
};

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

template <int Q, class T>
INLINE void scoreQueries(const QueryBlock& block, size_t first, float* scores, size_t stride, const float* keys,
                         const T* ahead, F16 scale) {
  const float* q[Q];
  F16 acc[Q];
  UNROLL for (int i = 0; i < Q; i++) q[i] = block.q + block.offset(first + i);
  ScoreTree<Q, T>{q, keys, block.headDim, first == 0 ? ahead : nullptr}.template fold<0, 1>(acc);
  UNROLL for (int i = 0; i < Q; i++) store16(scores + (first + i) * stride, acc[i] * scale);
}

/** out[query][d …] += p[t] * v[t][d …] for t in [begin, end), D times sixteen dimensions from d. */
template <int Q, int D, class T>
INLINE void addValues(const QueryBlock& block, size_t first, const float* p, size_t stride, const T* values,
                      size_t begin, size_t end, size_t d) {
  F16 acc[Q][D];
  const size_t width = block.headDim - d;
  UNROLL for (int i = 0; i < Q; i++) {
    const float* out = block.out + block.offset(first + i) + d;
    UNROLL for (int j = 0; j < D; j++) {
      acc[i][j] = begin == 0 ? splat16(0.0f) : loadUpTo16(out + j * 16, width - j * 16);
    }
  }
  for (size_t t = begin; t < end; t++) {
    F16 v[D];
    UNROLL for (int j = 0; j < D; j++) {
      const T* at = values + t * block.headDim + d + j * 16;
      v[j] = loadCachedUpTo16(at, width - j * 16);
      if (first == 0) __builtin_prefetch(at + kAheadPositions * block.headDim);
    }
    UNROLL for (int i = 0; i < Q; i++) {
      const F16 weight = splat16(p[(first + i) * stride + t]);
      UNROLL for (int j = 0; j < D; j++) acc[i][j] = acc[i][j] + weight * v[j];
    }
  }
  UNROLL for (int i = 0; i < Q; i++) {
    float* out = block.out + block.offset(first + i) + d;
    UNROLL for (int j = 0; j < D; j++) storeUpTo16(out + j * 16, acc[i][j], width - j * 16);
  }
}

template <int Q, class T>
INLINE void addValueChunk(const QueryBlock& block, size_t first, const float* p, size_t stride, const T* values,
                          size_t begin, size_t end) {
  size_t d = 0;
  for (; d + 16 * kValueTile <= block.headDim; d += 16 * kValueTile) {
    addValues<Q, kValueTile>(block, first, p, stride, values, begin, end, d);
  }
  for (; d < block.headDim; d += 16) addValues<Q, 1>(block, first, p, stride, values, begin, end, d);
}

/** Rows [row, row + rows) of a segment with one key/value head. */
template <class T>
void attendBlock(const CacheArgs& args, const Segment& segment, const QueryBlock& block, size_t row, size_t head,
                 uint8_t* own) {
  const size_t headDim = args.headDim, cached = (args.layer * args.nKvHeads + head) * segment.seqLen * headDim;
  const T* keys = reinterpret_cast<const T*>(segment.keys.data) + cached;
  const T* values = reinterpret_cast<const T*>(segment.values.data) + cached;
  const size_t end = segment.position + row + block.rows, stride = unitsOf(end, 16) * 16, count = block.count();
  float* tile = reinterpret_cast<float*>(own);
  float* scores = tile + unitsOf(headDim, 16) * 256;
  const F16 scale = splat16(1.0f / __builtin_sqrtf((float)headDim));
  for (size_t t = 0; t < end; t += 16) {
    transposeKeys(tile, keys + t * headDim, smaller(16, end - t), headDim);
    size_t i = 0;
    const T* ahead = keys + (t + kAheadPositions) * headDim;
    for (; i + kQueries <= count; i += kQueries) scoreQueries<kQueries>(block, i, scores + t, stride, tile, ahead, scale);
    for (; i < count; i++) scoreQueries<1>(block, i, scores + t, stride, tile, ahead, scale);
  }
  for (size_t i = 0; i < count; i++) {
    const size_t positions = segment.position + row + i / block.heads + 1;
    float* p = scores + i * stride;
    softmaxPadded(p, positions);
    for (size_t t = unitsOf(positions, 16) * 16; t < stride; t++) p[t] = 0;
  }
  for (size_t begin = 0; begin < end; begin += kValueChunk) {
    const size_t chunkEnd = smaller(end, begin + kValueChunk);
    size_t i = 0;
    for (; i + kQueries <= count; i += kQueries) {
      addValueChunk<kQueries>(block, i, scores, stride, values, begin, chunkEnd);
    }
    for (; i < count; i++) addValueChunk<1>(block, i, scores, stride, values, begin, chunkEnd);
  }
}

INLINE size_t batchRows(const CacheArgs& args) {
  Words words = args.segments;
  size_t rows = 0;
  for (size_t i = 0; i < args.count; i++) rows += Segment(words).nRows;
  return rows;
}

Scratch attentionScratch(const CacheArgs& args) {
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
  const size_t tile = unitsOf(args.headDim, 16) * 256, scores = blockRows * heads * unitsOf(positions, 16) * 16;
  return {0, aligned((tile + scores) * sizeof(float))};
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
