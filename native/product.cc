#include "product.h"
#include "processor.h"
#include "strip.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define HAS_TILE_INSTRUCTIONS 1
#endif

namespace {

constexpr std::int64_t kTileColumns = 16;      // columns of a matrix tile
constexpr std::int64_t kDepth = 32;            // batch entries that one tile instruction sums up

std::int64_t RoundUp(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

std::uint16_t ToBf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value != value) return 0x7fc0;
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // to nearest, ties to even
}

#ifdef HAS_TILE_INSTRUCTIONS
// What LDTILECFG reads: three tiles of 16 rows of 64 bytes.
alignas(64) constexpr std::uint8_t kTileShapes[64] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 64, 0, 64, 0,
                                                      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                      0, 0, 0, 0, 16, 16, 16};

// sums[16][16] (row stride in floats) = a (steps of [16][32]) * b (steps of [16 pairs][16 columns])
__attribute__((target("amx-tile,amx-bf16"))) void Tile(const std::uint16_t* a, const std::uint16_t* b, std::int64_t steps,
                                                       float* sums, std::int64_t stride) {
  _tile_zero(0);
  for (std::int64_t s = 0; s < steps; s++) {
    _tile_loadd(1, a + s * Product::kTile * kDepth, kDepth * 2);
    _tile_loadd(2, b + s * kDepth * kTileColumns, kTileColumns * 4);
    _tile_dpbf16ps(0, 1, 2);
  }
  _tile_stored(0, sums, stride * 4);
}

__attribute__((target("amx-tile"))) void ConfigureTiles() { _tile_loadconfig(kTileShapes); }

__attribute__((target("amx-tile"))) void ReleaseTiles() { _tile_release(); }

bool AskForTiles() {
  std::uint32_t a, b, c, d;
  __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  const bool present = (d >> 22 & 1) && (d >> 24 & 1);  // AMX-BF16, AMX-TILE
  constexpr long kAskPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return present && syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
}
#endif

}  // namespace

bool Product::HasTiles() {
#ifdef HAS_TILE_INSTRUCTIONS
  static const bool has = histo::AllowedIsa() >= histo::Isa::amx && AskForTiles();
  return has;
#else
  return false;
#endif
}

Product::Product(const float* inputs, const float* errors, std::int64_t batch, std::int64_t rows, std::int64_t columns,
                 bool bf16)
    : inputs_(inputs), batch_(batch), rows_(rows), columns_(columns), tiles_(bf16 && HasTiles()) {
  if (tiles_) {
    const std::int64_t depth = RoundUp(batch, kDepth);
    pairs_.assign(RoundUp(columns, kTileColumns) * depth, 0);
    for (std::int64_t c = 0; c < columns; c += kTileColumns) {
      const std::int64_t n = std::min(kTileColumns, columns - c);
      for (std::int64_t k = 0; k < batch; k++) {
        std::uint16_t* pair = &pairs_[c * depth + k / 2 * 2 * kTileColumns + k % 2];
        for (std::int64_t i = 0; i < n; i++) pair[2 * i] = ToBf16(errors[k * columns + c + i]);
      }
    }
  } else {
    const std::int64_t strip = GradientStrip().columns;
    floats_.assign(RoundUp(columns, strip) * batch, 0);
    for (std::int64_t k = 0; k < batch; k++) {
      for (std::int64_t c = 0; c < columns; c += strip) {
        const std::int64_t n = std::min(strip, columns - c);
        std::memcpy(&floats_[c * batch + k * strip], errors + k * columns + c, n * sizeof(float));
      }
    }
  }
}

void Product::Rows(std::int64_t first, std::int64_t count, float* out) const {
  if (tiles_) RowsInTiles(first, count, out);
  else RowsInFloat(first, count, out);
}

void Product::RowsInFloat(std::int64_t first, std::int64_t count, float* out) const {
  const Strip& kernel = GradientStrip();
  const std::int64_t all = RoundUp(count, kernel.rows);
  std::vector<float> x(batch_ * all, 0);  // groups of rows, each [batch, kernel.rows]
  for (std::int64_t k = 0; k < batch_; k++) {
    for (std::int64_t r = 0; r < count; r++) {
      x[r / kernel.rows * kernel.rows * batch_ + k * kernel.rows + r % kernel.rows] = inputs_[k * rows_ + first + r];
    }
  }
  float sums[kMaxRows * kMaxColumns];
  for (std::int64_t c = 0; c < columns_; c += kernel.columns) {
    const std::int64_t n = std::min(kernel.columns, columns_ - c);
    for (std::int64_t top = 0; top < all; top += kernel.rows) {
      const std::int64_t rows = std::min(kernel.rows, count - top);
      float* to = out + top * columns_ + c;
      if (rows == kernel.rows && n == kernel.columns) {
        kernel.packed(&x[top * batch_], &floats_[c * batch_], batch_, to, columns_);
        continue;
      }
      kernel.packed(&x[top * batch_], &floats_[c * batch_], batch_, sums, kernel.columns);
      for (std::int64_t r = 0; r < rows; r++) {
        std::memcpy(to + r * columns_, sums + r * kernel.columns, n * sizeof(float));
      }
    }
  }
}

void Product::RowsInTiles([[maybe_unused]] std::int64_t first, [[maybe_unused]] std::int64_t count,
                          [[maybe_unused]] float* out) const {
#ifdef HAS_TILE_INSTRUCTIONS
  const std::int64_t depth = RoundUp(batch_, kDepth);
  std::vector<std::uint16_t> x(depth * kTile, 0);
  for (std::int64_t k = 0; k < batch_; k++) {
    for (std::int64_t r = 0; r < count; r++) {
      x[k / kDepth * kTile * kDepth + r * kDepth + k % kDepth] = ToBf16(inputs_[k * rows_ + first + r]);
    }
  }
  ConfigureTiles();
  alignas(64) float sums[kTile * kTileColumns];
  for (std::int64_t c = 0; c < columns_; c += kTileColumns) {
    const std::uint16_t* errors = &pairs_[c * depth];
    const std::int64_t n = std::min(kTileColumns, columns_ - c);
    if (count == kTile && n == kTileColumns) {
      Tile(x.data(), errors, depth / kDepth, out + c, columns_);
      continue;
    }
    Tile(x.data(), errors, depth / kDepth, sums, kTileColumns);
    for (std::int64_t r = 0; r < count; r++) {
      std::memcpy(out + r * columns_ + c, sums + r * kTileColumns, n * sizeof(float));
    }
  }
  ReleaseTiles();
#endif
}
