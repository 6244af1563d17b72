// The inner loops of float products, written for each kind of register file.
#pragma once
#include <cstdint>

// sums[rows][columns] (row stride in floats) = sums of a(row, k) * e[k][columns] over k < depth, which stay in registers.
struct Strip {
  std::int64_t rows, columns;
  // a is packed: a(row, k) = a[k * rows + row].
  void (*packed)(const float* a, const float* e, std::int64_t depth, float* sums, std::int64_t stride);
  // a(row, k) = a[row * rowStep + k * step]; with `add`, what is in sums already stays in them.
  void (*strided)(const float* a, std::int64_t rowStep, std::int64_t step, const float* e, std::int64_t depth, float* sums,
                  std::int64_t stride, bool add);
};

// Strips are at most so large.
constexpr std::int64_t kMaxRows = 8, kMaxColumns = 64;

// For this processor: a strip of many columns for gradients, and one whose columns divide a batch of 64.
const Strip& GradientStrip();
const Strip& BatchStrip();
