// Tokens times a panel of sixteen rows in scratch memory, with the tile registers of AMX: an instruction multiplies sixteen tokens by
// sixteen rows over up to 64 columns. A lane is a row.
#pragma once

#include <immintrin.h>

#include "pack-panel.h"

namespace {

/** Columns that one instruction multiplies at most: bytes of a row of a tile register. */
constexpr size_t kTileBytes = 64;
// The tile registers, as literals, which GCC's intrinsics want. Activations are the first factor, (tokens, columns); a panel is the
// second, (columns / 4, rows, 4). Groups take turns with two sets of registers,
// so that none waits for the one before. The rest of a group that is no multiple of 64 has registers of its own shape.
#define TILE_EVEN_SUMS 0
#define TILE_EVEN_TOKENS 1
#define TILE_EVEN_PANEL 2
#define TILE_ODD_SUMS 3
#define TILE_ODD_TOKENS 4
#define TILE_ODD_PANEL 5
#define TILE_TOKENS_REST 6
#define TILE_PANEL_REST 7

/** Sets the shapes of the tile registers of this thread, and gives them back at the end, so that the system need not save them. */
class TileRegisters {
 public:
  explicit TileRegisters(size_t groupBytes) {
    struct alignas(64) {
      uint8_t palette = 1, startRow = 0, reserved[14] = {};
      uint16_t rowBytes[16] = {};
      uint8_t rows[16] = {};
    } config;
    const auto shape = [&](int tile, size_t rows, size_t bytes) {
      config.rows[tile] = (uint8_t)rows;
      config.rowBytes[tile] = (uint16_t)bytes;
    };
    const auto factors = [&](int tokens, int panel, size_t columns) {
      shape(tokens, 16, columns);
      shape(panel, columns / 4, 64);
    };
    shape(TILE_EVEN_SUMS, 16, 64);
    shape(TILE_ODD_SUMS, 16, 64);
    factors(TILE_EVEN_TOKENS, TILE_EVEN_PANEL, smaller(groupBytes, kTileBytes));
    factors(TILE_ODD_TOKENS, TILE_ODD_PANEL, smaller(groupBytes, kTileBytes));
    if (groupBytes > kTileBytes && groupBytes % kTileBytes != 0) factors(TILE_TOKENS_REST, TILE_PANEL_REST, groupBytes % kTileBytes);
    _tile_loadconfig(&config);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
};

/** Columns that are swept at a time, about: with all panels they fit the first-level cache, beside the tokens of a tile. */
constexpr size_t kSweptColumns = 512;
/** The most groups that are swept at a time. */
constexpr size_t kSweptGroups = 16;

/** Groups [first, first + count) of a row. */
struct GroupRange {
  size_t first, count;
};

/** Integer dot products of groups, (groups, tokens of a tile, rows of a panel). */
struct alignas(64) TileSums {
  int32_t of[kSweptGroups][16][16];
};

// Computes the dot products of one group with a set of registers.
#define MULTIPLY_GROUP(SET, sums, tokens, panel, groupBytes)              \
  {                                                                       \
    size_t k = 0;                                                         \
    _tile_zero(TILE_##SET##_SUMS);                                        \
    do {                                                                  \
      _tile_loadd(TILE_##SET##_TOKENS, (tokens) + k, groupBytes);         \
      _tile_loadd(TILE_##SET##_PANEL, (panel) + k * 16, kTileBytes);      \
      _tile_dpbssd(TILE_##SET##_SUMS, TILE_##SET##_TOKENS, TILE_##SET##_PANEL); \
      k += kTileBytes;                                                    \
    } while (k + kTileBytes <= (groupBytes));                             \
    if (k < (groupBytes)) {                                               \
      _tile_loadd(TILE_TOKENS_REST, (tokens) + k, groupBytes);            \
      _tile_loadd(TILE_PANEL_REST, (panel) + k * 16, kTileBytes);         \
      _tile_dpbssd(TILE_##SET##_SUMS, TILE_TOKENS_REST, TILE_PANEL_REST); \
    }                                                                     \
    _tile_stored(TILE_##SET##_SUMS, sums, 64);                            \
  }

/** Computes the dot products of `count` groups. They lie side by side in a panel, and in a tile of tokens. */
INLINE void multiplyGroups(TileSums& sums, const int8_t* tokens, const Activation* panel, size_t groupBytes, size_t count) {
  const size_t apart = 16 * groupBytes;
  size_t g = 0;
  for (; g + 2 <= count; g += 2) {
    MULTIPLY_GROUP(EVEN, sums.of[g], tokens + g * apart, panel + g * apart, groupBytes);
    MULTIPLY_GROUP(ODD, sums.of[g + 1], tokens + (g + 1) * apart, panel + (g + 1) * apart, groupBytes);
  }
  if (g < count) MULTIPLY_GROUP(EVEN, sums.of[g], tokens + g * apart, panel + g * apart, groupBytes);
  asm volatile("" ::: "memory");  // GCC does not know that the instructions write memory
}
#undef MULTIPLY_GROUP

/**
 * Adds the products of a range of groups to the partial sums of T tokens of a tile, (T, 16 rows); the first range starts them. A
 * group has `Lanes` lanes; 0 means as many as the tiling says. As many weights as the range has, of `kAheadBits` each, are
 * prefetched from `ahead`.
 */
template <int T, size_t Lanes, size_t kAheadBits>
OUTLINE void sweepGroups(float* partial, const Activation* panel, const float* scales, const Activations& x, size_t token,
                         GroupRange groups, const uint8_t* ahead) {
  const size_t groupBytes = (Lanes != 0 ? Lanes : x.tiling.lanesPerGroup()) * kLaneValues;
  TileSums sums;
  multiplyGroups(sums, reinterpret_cast<const int8_t*>(x.lane(token, groups.first, 0)), panel + groups.first * 16 * groupBytes,
                 groupBytes, groups.count);
  const float* tokenScales = x.scales + x.groupIndex(token, groups.first);
  F16 f[T];
  UNROLL for (int t = 0; t < T; t++) f[t] = groups.first == 0 ? splat16(0.0f) : load16(partial + t * 16);
  for (size_t g = 0; g < groups.count; g++, tokenScales += kTokens) {
    const F16 ws = load16(scales + (groups.first + g) * 16);
    UNROLL for (int t = 0; t < T; t++) f[t] = f[t] + toFloat16(load16(sums.of[g][t])) * (ws * splat16(tokenScales[t]));
    for (size_t i = 0; i < 16 * groupBytes * kAheadBits / 8; i += 64) __builtin_prefetch(ahead + i, 0, 2);
    ahead += 16 * groupBytes * kAheadBits / 8;
  }
  UNROLL for (int t = 0; t < T; t++) store16(partial + t * 16, f[t]);
}

/** Sweeps a block of tokens over panels, a range of columns after the other; the last tile prefetches the rows that follow. */
template <size_t Lanes, class Weights>
INLINE void sweepBlock(const Panels& panels, const Weights& weights, const Activations& x, size_t first, size_t end,
                       Results& results, float* partial) {
  const Tiling& tiling = x.tiling;
  const size_t most = smaller(kSweptGroups, unitsOf(kSweptColumns, tiling.paddedGroup));
  const auto partialOf = [&](size_t token, size_t panel) {
    return partial + ((token - first) * panels.count + panel * kTokens) * 16;
  };
  for (GroupRange groups = {0, most}; groups.first < tiling.groups; groups.first += most) {
    groups.count = smaller(most, tiling.groups - groups.first);
    for (size_t token = first; token < end; token += kTokens) {
      const size_t tokens = smaller(kTokens, end - token);
      for (size_t i = 0; i < panels.count; i++) {
        const uint8_t* ahead = panels.following(weights, i) + groups.first * tiling.groupSize * 16 * Weights::kBits / 8;
        const auto sweep = [&](auto swept) {
          swept(partialOf(token, i), panels.values(i), panels.scales(i), x, token, groups, ahead);
        };
        if (token + tokens < x.rows) sweep(sweepGroups<kTokens, Lanes, 0>);
        else if (tokens == 1) sweep(sweepGroups<1, Lanes, Weights::kBits>);
        else if (tokens <= kTokens / 2) sweep(sweepGroups<kTokens / 2, Lanes, Weights::kBits>);
        else sweep(sweepGroups<kTokens, Lanes, Weights::kBits>);
      }
    }
  }
  for (size_t token = first; token < end; token++) {
    for (size_t i = 0; i < panels.count; i++) {
      panels.select(results, i);
      results.store(token, load16(partialOf(token - token % kTokens, i) + token % kTokens * 16));
    }
  }
}

/** Sweeps all tokens over panels. */
template <size_t Lanes, class Weights>
INLINE void sweepTokens(const Panels& panels, const Weights& weights, const Activations& x, Results& results) {
  const TileRegisters registers(x.tiling.paddedGroup);
  for (size_t first = 0; first < x.rows; first += kSweptTokens) {
    sweepBlock<Lanes>(panels, weights, x, first, smaller(first + kSweptTokens, x.rows), results, panels.partial());
  }
}

}  // namespace
