#include "product.h"

#include <algorithm>
#include <cstring>

#include "bfloat16.h"
#include "parallel.h"
#include "round-up.h"
#include "scratch.h"
#include "strip.h"

using histo::RoundUp;

Product::Product(const float* inputs, const float* errors, std::int64_t batch, std::int64_t rows, std::int64_t columns,
                 bool bf16)
    : inputs_(inputs), batch_(batch), rows_(rows), columns_(columns) {
  if (bf16 && histo::bfloat16::Available()) {
    rounded_ = histo::bfloat16::PackErrors(errors, batch, columns);
    return;
  }
  const std::int64_t strip = GradientStrip().columns;
  float* packed = histo::Scratch<struct PackedErrors, float>(RoundUp(columns, strip) * batch);
  histo::InRanges(columns, strip, batch * columns >> 16, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t c = from; c < to; c += strip) {
      const std::int64_t n = std::min(strip, columns - c);
      for (std::int64_t k = 0; k < batch; k++) {
        float* at = packed + c * batch + k * strip;
        std::memcpy(at, errors + k * columns + c, n * sizeof(float));
        std::fill(at + n, at + strip, 0.0f);
      }
    }
  });
  errors_ = packed;
}

void Product::Rows(std::int64_t first, std::int64_t count, float* out) const {
  if (rounded_) {
    histo::bfloat16::Gradient(inputs_, rows_, first, count, rounded_, batch_, columns_, out);
    return;
  }
  const Strip& kernel = GradientStrip();
  const std::int64_t all = RoundUp(count, kernel.rows);
  // Groups of rows, each [batch, kernel.rows].
  float* x = histo::Scratch<struct PackedInputs, float>(batch_ * all);
  for (std::int64_t top = 0; top < all; top += kernel.rows) {
    const std::int64_t rows = std::min(kernel.rows, count - top);
    for (std::int64_t k = 0; k < batch_; k++) {
      float* to = x + top * batch_ + k * kernel.rows;
      for (std::int64_t r = 0; r < kernel.rows; r++) to[r] = r < rows ? inputs_[k * rows_ + first + top + r] : 0;
    }
  }
  float sums[kMaxRows * kMaxColumns];
  for (std::int64_t c = 0; c < columns_; c += kernel.columns) {
    const std::int64_t n = std::min(kernel.columns, columns_ - c);
    for (std::int64_t top = 0; top < all; top += kernel.rows) {
      const std::int64_t rows = std::min(kernel.rows, count - top);
      float* to = out + top * columns_ + c;
      if (rows == kernel.rows && n == kernel.columns) {
        kernel.packed(x + top * batch_, errors_ + c * batch_, batch_, to, columns_);
        continue;
      }
      kernel.packed(x + top * batch_, errors_ + c * batch_, batch_, sums, kernel.columns);
      for (std::int64_t r = 0; r < rows; r++) {
        std::memcpy(to + r * columns_, sums + r * kernel.columns, n * sizeof(float));
      }
    }
  }
}
