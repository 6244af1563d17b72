#include "bfloat16.h"

#include "processor.h"

// GCC has supported these instructions since version 11.
#if defined(HISTO_DISPATCHED) && defined(__linux__) && __GNUC__ >= 11
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "ahead.h"
#include "parallel.h"
#include "round-up.h"
#include "scratch.h"

#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16,prefer-vector-width=512")

namespace histo::bfloat16 {
namespace {

using Index = std::int64_t;
using Half = std::uint16_t;

constexpr Index kColumns = 16;  // of sums
constexpr Index kDepth = 32;    // numbers in a row of a tile
constexpr Index kTile = kRows * kDepth;
constexpr Index kGroup = 4;     // tiles of sums with a common factor
constexpr Index kPanel = kColumns * kGroup;
constexpr Index kAsk = 16;  // lines that are prefetched for each left or right tile

void Configure() {
  alignas(64) std::uint8_t shapes[64] = {1};  // eight tiles of 16 rows of 64 bytes
  for (int t = 0; t < 8; t++) shapes[16 + 2 * t] = 64, shapes[48 + t] = 16;
  _tile_loadconfig(shapes);
}

// The first n of 16 floats, and zeros for the others.
__m512 Some(const float* from, Index n) {
  if (n >= 16) return _mm512_loadu_ps(from);
  return n <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps((1u << n) - 1, from);
}

// 32 floats of a row -> 32 bfloat16 in the same order.
void Round(const float* from, Index n, Half* to) {
  _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(Some(from + 16, n - 16), Some(from, n)));
}

// Two rows of 16 floats -> 16 pairs of bfloat16.
void Pair(__m512 even, __m512 odd, Half* to) {
  const __m512i low = (__m512i)_mm512_cvtne2ps_pbh(odd, even);  // 16 of even, then 16 of odd
  alignas(64) static constexpr Half order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  _mm512_storeu_si512(to, _mm512_permutexvar_epi16(_mm512_load_si512(order), low));
}

// Four tiles of sums [16][16], with rows `stride` floats and tiles `next` floats apart. With sameLeft, each step has one left
// tile and four right tiles, otherwise four left tiles and one right tile. Steps are `kTile` apart.
// A left tile contains [16 rows][32 numbers], a right tile [16 pairs of numbers][16 columns].
template <bool sameLeft>
void TileSums(const Half* one, const Half* four, Index apart, Index steps, float* sums, Index stride, Index next, bool add,
              Ahead& ahead) {
  if (add) {
    _tile_loadd(0, sums, stride * 4);
    _tile_loadd(1, sums + next, stride * 4);
    _tile_loadd(2, sums + 2 * next, stride * 4);
    _tile_loadd(3, sums + 3 * next, stride * 4);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
#define STEP(sum, factor, i)                          \
  _tile_loadd(factor, four + i * apart + s * kTile, 64); \
  if constexpr (sameLeft) _tile_dpbf16ps(sum, 4, factor); \
  else _tile_dpbf16ps(sum, factor, 4);
  for (Index s = 0; s < steps; s++) {
    _tile_loadd(4, one + s * kTile, 64);
    STEP(0, 5, 0)
    STEP(1, 6, 1)
    STEP(2, 7, 2)
    STEP(3, 5, 3)
    ahead.Ask(kAsk);
  }
#undef STEP
  _tile_stored(0, sums, stride * 4);
  _tile_stored(1, sums + next, stride * 4);
  _tile_stored(2, sums + 2 * next, stride * 4);
  _tile_stored(3, sums + 3 * next, stride * 4);
}

// The same with vector instructions, which multiply a pair of the left factor with 16 pairs of the right factor.
template <bool sameLeft>
void VectorSums(const Half* one, const Half* four, Index apart, Index steps, float* sums, Index stride, Index next, bool add,
                Ahead& ahead) {
  constexpr Index kVectors = sameLeft ? kGroup : 1, kBlock = 16 / kVectors;  // sums in 16 of 32 registers
  for (Index tile = 0; tile < kGroup; tile += kVectors) {
    for (Index top = 0; top < kRows; top += kBlock) {
      const Half* left = (sameLeft ? one : four + tile * apart) + top * kDepth;
      const Half* right = sameLeft ? four : one;
      float* out = sums + tile * next + top * stride;
      __m512 sum[kBlock][kVectors];
#pragma GCC unroll 16
      for (Index r = 0; r < kBlock; r++) {
#pragma GCC unroll 4
        for (Index v = 0; v < kVectors; v++) {
          sum[r][v] = add ? _mm512_loadu_ps(out + r * stride + v * next) : _mm512_setzero_ps();
        }
      }
      for (Index s = 0; s < steps; s++) {
        for (Index k = 0; k < kDepth; k += 2) {
          __m512bh part[kVectors];
#pragma GCC unroll 4
          for (Index v = 0; v < kVectors; v++) {
            part[v] = (__m512bh)_mm512_loadu_si512(right + v * apart + s * kTile + k * kColumns);
          }
#pragma GCC unroll 16
          for (Index r = 0; r < kBlock; r++) {
            std::int32_t pair;
            std::memcpy(&pair, left + s * kTile + r * kDepth + k, sizeof(pair));
            const __m512bh same = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
            for (Index v = 0; v < kVectors; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], same, part[v]);
          }
        }
      }
#pragma GCC unroll 16
      for (Index r = 0; r < kBlock; r++) {
#pragma GCC unroll 4
        for (Index v = 0; v < kVectors; v++) _mm512_storeu_ps(out + r * stride + v * next, sum[r][v]);
      }
    }
  }
}

bool HasVectors() {
  std::uint32_t a, b, c, d;
  __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(1));
  return VectorIsa() == Isa::avx512 && (a >> 5 & 1);  // AVX512-BF16
}

// Whether the processor has tiles and the system permits them.
bool AskForTiles() {
  std::uint32_t a, b, c, d;
  __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  const bool tiles = (d >> 22 & 1) && (d >> 24 & 1);       // AMX-BF16, AMX-TILE
  constexpr long kAskPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return tiles && HasVectors() && syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
}

template <bool sameLeft, typename... Args>
void Sums(Args&&... args) {
  if (HasTiles()) TileSums<sameLeft>(args...);
  else VectorSums<sameLeft>(args...);
}

// A thread uses matrix tiles from Begin() to End().
void Begin() {
  if (HasTiles()) Configure();
}
void End() {
  if (HasTiles()) _tile_release();
}

}  // namespace

bool HasTiles() {
  static const bool has = AllowedIsa() >= Isa::amx && AskForTiles();
  return has;
}

bool Available() {
  static const bool has = HasVectors();
  return has;
}

// Left factor: the batch, rounded once. Right factor: pairs of rows of the weights, rounded when they are used.
void Forward(const BatchProduct& p, const float* x, Index stride, const float* base, Index baseStride, float* y, bool rectify,
             Index threads) {
  const Index steps = RoundUp(p.inputs, kDepth) / kDepth, batch = RoundUp(p.batch, kPanel);
  constexpr Index kNear = 16;   // steps of the batch that are written before the next ones, so that few pages are in use
  constexpr Index kSteps = 2;   // whose weights are multiplied with the batch before the next ones are read
  constexpr Index kBlock = kSteps * kDepth;
  Half* left = Scratch<struct RoundedBatch, Half>(batch * steps * kDepth);  // [batch / 16][steps] tiles
  InRanges(steps, kNear, p.batch * p.inputs >> 15, [&](Index from, Index to) {
    for (Index some = from; some < to; some += kNear) {
      for (Index b = 0; b < batch; b++) {
        Half* tile = left + b / kRows * steps * kTile + b % kRows * kDepth;
        const Index n = b < p.batch ? p.inputs : 0;
        for (Index s = some; s < std::min(some + kNear, to); s++) {
          Round(x + b * stride + s * kDepth, n - s * kDepth, tile + s * kTile);
        }
      }
    }
  });
  InRanges(p.outputs, kPanel, threads, [&](Index from, Index to) {
    const Index width = RoundUp(to - from, kPanel);
    float* sums = Scratch<struct TileSums, float>(batch * width);  // [panels][batch][kPanel]
    alignas(64) Half right[kGroup][kSteps * kTile];
    Begin();
    for (Index s = 0; s < steps; s += kSteps) {
      const Index some = std::min(kSteps, steps - s);
      for (Index c = 0; c < width; c += kPanel) {
        const bool wraps = c + kPanel >= width;
        const Index next = (wraps ? s + kSteps : s) * kDepth, column = from + (wraps ? 0 : c + kPanel);
        Ahead ahead = {p.weights + next * p.outputs + column, p.outputs, std::min(kBlock, p.inputs - next), kPanel};
        for (Index k = 0; k < some * kDepth; k += 2) {
          const Index row = s * kDepth + k;
          const float* at = p.weights + row * p.outputs + from + c;
          ahead.Ask(kGroup);
          for (Index t = 0; t < kGroup; t++, at += kColumns) {
            const Index n = to - from - c - t * kColumns;
            Pair(Some(at, row < p.inputs ? n : 0), Some(at + p.outputs, row + 1 < p.inputs ? n : 0), right[t] + k * kColumns);
          }
        }
        for (Index b = 0; b < batch; b += kPanel) {
          const Half* some64 = left + (b / kRows * steps + s) * kTile;
          for (Index t = 0; t < kGroup; t++) {
            Sums<false>(right[t], some64, steps * kTile, some, sums + c * batch + b * kPanel + t * kColumns, kPanel,
                        kRows * kPanel, s > 0, ahead);
          }
        }
      }
    }
    End();
    for (Index b = 0; b < p.batch; b++) {
      const float* more = base + b * baseStride + from;
      float* out = y + b * p.outputs + from;
      for (Index c = 0; c < to - from; c += kPanel) {
        const float* panel = sums + c * batch + b * kPanel - c;
        for (Index i = c; i < std::min(c + kPanel, to - from); i++) out[i] = Rectified(panel[i] + more[i], rectify);
      }
    }
  });
}

Half* PackBatch(const float* dy, Index batch, Index outputs) {
  const Index steps = RoundUp(outputs, kDepth) / kDepth, all = RoundUp(batch, kPanel);
  Half* out = Scratch<struct RoundedBatch, Half>(all * steps * kDepth);  // [batch / 16][steps] tiles of [16 pairs][16 of the batch]
  InRanges(all, 1, batch * outputs >> 15, [&](Index from, Index to) {
    for (Index b = from; b < to; b++) {
      Half* tile = out + b / kColumns * steps * kTile + b % kColumns * 2;
      const Index n = b < batch ? outputs : 0;
      for (Index s = 0; s < steps; s++) {
        alignas(64) Half row[kDepth];
        Round(dy + b * outputs + s * kDepth, n - s * kDepth, row);
        for (Index k = 0; k < kDepth; k += 2) std::memcpy(tile + s * kTile + k * kColumns, row + k, 4);
      }
    }
  });
  return out;
}

// Left factor: rows of the weights, rounded when they are used. Right factor: pairs of errors, rounded once.
void Backward(const BatchProduct& p, const Half* dy, Index first, Index count, float* dx) {
  const Index steps = RoundUp(p.outputs, kDepth) / kDepth, batch = RoundUp(p.batch, kPanel);
  const float* weights = p.weights + first * p.outputs;
  float* sums = Scratch<struct TileSums, float>(kRows * batch);
  Half* left = Scratch<struct RoundedWeights, Half>(steps * kTile);
  for (Index r = 0; r < kRows; r++) {
    const float* at = weights + r * p.outputs;
    const Index n = r < count ? p.outputs : 0;
    for (Index s = 0; s < steps; s++) Round(at + s * kDepth, n - s * kDepth, left + s * kTile + r * kDepth);
  }
  Ahead ahead = {weights + count * p.outputs, p.outputs, std::min(kRows, p.inputs - first - count), p.outputs};
  Begin();
  for (Index b = 0; b < batch; b += kPanel) {
    Sums<true>(left, dy + b / kColumns * steps * kTile, steps * kTile, steps, sums + b, batch, kColumns, false, ahead);
  }
  End();
  for (Index b = 0; b < p.batch; b++) {
    for (Index r = 0; r < count; r++) dx[b * p.inputs + first + r] = sums[r * batch + b];
  }
}

Half* PackErrors(const float* errors, Index batch, Index columns) {
  const Index depth = RoundUp(batch, kDepth);
  Half* out = Scratch<struct RoundedErrors, Half>(RoundUp(columns, kPanel) * depth);
  InRanges(columns, kPanel, batch * columns >> 15, [&](Index from, Index to) {
    for (Index c = from; c < RoundUp(to, kPanel); c += kColumns) {
      for (Index k = 0; k < depth; k += 2) {
        const float* at = errors + k * columns + c;
        const Index n = columns - c;
        Pair(Some(at, k < batch ? n : 0), Some(at + columns, k + 1 < batch ? n : 0), out + c * depth + k * kColumns);
      }
    }
  });
  return out;
}

// Left factor: columns of the inputs. Right factor: packed errors.
void Gradient(const float* inputs, Index rows, Index first, Index count, const Half* errors, Index batch, Index columns,
              float* out) {
  const Index steps = RoundUp(batch, kDepth) / kDepth;
  Half* left = Scratch<struct RoundedInputs, Half>(steps * kTile);
  for (Index k = 0; k < steps * kDepth; k += 2) {
    alignas(64) std::uint32_t pairs[kRows];
    const float* at = inputs + k * rows + first;
    Pair(Some(at, k < batch ? count : 0), Some(at + rows, k + 1 < batch ? count : 0), reinterpret_cast<Half*>(pairs));
    std::uint32_t* to = reinterpret_cast<std::uint32_t*>(left + k / kDepth * kTile) + k % kDepth / 2;
    for (Index r = 0; r < kRows; r++) to[r * kDepth / 2] = pairs[r];
  }
  Begin();
  Ahead nothing = {};
  for (Index c = 0; c < columns; c += kPanel) {
    const Half* right = errors + c * steps * kDepth;
    const Index n = std::min(kPanel, columns - c);
    if (count == kRows && n == kPanel) {
      Sums<true>(left, right, steps * kTile, steps, out + c, columns, kColumns, false, nothing);
      continue;
    }
    alignas(64) float sums[kRows * kPanel];
    Sums<true>(left, right, steps * kTile, steps, sums, kPanel, kColumns, false, nothing);
    for (Index r = 0; r < count; r++) std::memcpy(out + r * columns + c, sums + r * kPanel, n * sizeof(float));
  }
  End();
}

}  // namespace histo::bfloat16

#pragma GCC pop_options

#else

namespace histo::bfloat16 {

bool HasTiles() { return false; }
bool Available() { return false; }
std::uint16_t* PackErrors(const float*, std::int64_t, std::int64_t) { return nullptr; }
void Gradient(const float*, std::int64_t, std::int64_t, std::int64_t, const std::uint16_t*, std::int64_t, std::int64_t,
              float*) {}
void Forward(const BatchProduct&, const float*, std::int64_t, const float*, std::int64_t, float*, bool, std::int64_t) {}
std::uint16_t* PackBatch(const float*, std::int64_t, std::int64_t) { return nullptr; }
void Backward(const BatchProduct&, const std::uint16_t*, std::int64_t, std::int64_t, float*) {}

}  // namespace histo::bfloat16

#endif
