// Changes the order of a batch for its products with weights, and that of the sums back.
#pragma once
#include <algorithm>
#include <cstdint>

#include "batch.h"
#include "parallel.h"
#include "round-up.h"

namespace histo {

typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));
#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef std::int32_t Indices __attribute__((vector_size(16)));
#define PICK(a, b, ...) __builtin_shuffle(a, b, Indices{__VA_ARGS__})
#endif

// Transposes four rows of four numbers, which are `width` floats apart.
inline void Transpose(const float* from, std::int64_t width, Four columns[4]) {
  const auto row = [&](int i) { return *reinterpret_cast<const Four*>(from + i * width); };
  const Four a = row(0), b = row(1), c = row(2), d = row(3);
  const Four aThenB = PICK(a, b, 0, 4, 1, 5), cThenD = PICK(c, d, 0, 4, 1, 5);
  columns[0] = PICK(aThenB, cThenD, 0, 1, 4, 5);
  columns[1] = PICK(aThenB, cThenD, 2, 3, 6, 7);
  const Four restOfAB = PICK(a, b, 2, 6, 3, 7), restOfCD = PICK(c, d, 2, 6, 3, 7);
  columns[2] = PICK(restOfAB, restOfCD, 0, 1, 4, 5);
  columns[3] = PICK(restOfAB, restOfCD, 2, 3, 6, 7);
}
#undef PICK

// Packs rows [batch, depth], which are `stride` floats apart, into strips [strips][depth][columns], padded with zeros. `columns`:
// a multiple of 4.
inline void PackBatch(const float* rows, std::int64_t stride, std::int64_t batch, std::int64_t depth, std::int64_t columns,
                      float* out) {
  InRanges(depth, 16, batch * depth / (1 << 15), [&](std::int64_t from, std::int64_t to) {
    const std::int64_t whole = from + (to - from) / 4 * 4;
    for (std::int64_t b = 0; b < RoundUp(batch, columns); b += 4) {
      float* strip = out + b / columns * columns * depth + b % columns;
      const float* some = rows + b * stride;
      std::int64_t k = from;
      for (; k < whole && b + 4 <= batch; k += 4) {
        Four columnsOf[4];
        Transpose(some + k, stride, columnsOf);
        for (std::int64_t j = 0; j < 4; j++) *reinterpret_cast<Four*>(strip + (k + j) * columns) = columnsOf[j];
      }
      for (; k < to; k++) {
        for (std::int64_t i = 0; i < 4; i++) strip[k * columns + i] = b + i < batch ? some[i * stride + k] : 0;
      }
    }
  });
}

// Transposes sums [count, width] into out [batch, count], whose rows are `stride` floats apart, and adds a base.
inline void Unpack(const float* sums, std::int64_t width, std::int64_t batch, std::int64_t count, const float* base,
                   std::int64_t baseStride, bool rectify, float* out, std::int64_t stride) {
  const std::int64_t wholeBatch = batch / 4 * 4, wholeCount = count / 4 * 4;
  for (std::int64_t c = 0; c < wholeCount; c += 16) {
    for (std::int64_t b = 0; b < wholeBatch; b += 4) {
      for (std::int64_t i = c; i < std::min(c + 16, wholeCount); i += 4) {
        Four columns[4];
        Transpose(sums + i * width + b, width, columns);
        for (std::int64_t k = b; k < b + 4; k++) {
          Four value = columns[k - b];
          if (base) value += *reinterpret_cast<const Four*>(base + k * baseStride + i);
          if (rectify) value = value < 0.0f ? Four{} : value;  // NaN stays NaN
          *reinterpret_cast<Four*>(out + k * stride + i) = value;
        }
      }
    }
  }
  for (std::int64_t b = 0; b < batch; b++) {
    for (std::int64_t i = b < wholeBatch ? wholeCount : 0; i < count; i++) {
      out[b * stride + i] = Rectified(sums[i * width + b] + (base ? base[b * baseStride + i] : 0), rectify);
    }
  }
}

}  // namespace histo
