// The inner loops of float products, for each kind of registers.
#pragma once
#include <cstdint>

// sums[rows][columns] (row stride in floats) = sums of a(row, k) * e[k][columns] over k < depth, in registers.
struct Strip {
  std::int64_t rows, columns;
  // a is packed: a(row, k) = a[k * rows + row].
  void (*packed)(const float* a, const float* e, std::int64_t depth, float* sums, std::int64_t stride);
  // a(row, k) = a[row * rowStep + k * step]. With `add`, adds to the values in sums.
  void (*strided)(const float* a, std::int64_t rowStep, std::int64_t step, const float* e, std::int64_t depth, float* sums,
                  std::int64_t stride, bool add);
};

// Largest size of a strip.
constexpr std::int64_t kMaxRows = 8, kMaxColumns = 64;

// The strips for this processor: one with many columns for gradients, and one whose columns divide a batch of 64.
const Strip& GradientStrip();
const Strip& BatchStrip();
