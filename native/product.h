// Rows of the product inputs^T x errors of a batch, which is the gradient of a Dense layer's kernel: inputs [batch, rows],
// errors [batch, columns]. A tile of rows is small enough to stay in the cache until it is used in an update.
#pragma once
#include <cstdint>

class Product {
 public:
  // Rows that are computed together.
  static constexpr std::int64_t kTile = 16;

  // With `bf16`, inputs and errors are rounded to bfloat16 if bfloat16::Available(). Sums are always float32.
  Product(const float* inputs, const float* errors, std::int64_t batch, std::int64_t rows, std::int64_t columns, bool bf16);

  // Writes `count` (at most kTile) rows from row `first` to out [count, columns].
  void Rows(std::int64_t first, std::int64_t count, float* out) const;

 private:
  const float* inputs_;
  std::int64_t batch_, rows_, columns_;
  // Packed errors, one of the two: strips of columns, each [batch, strip], or pairs of bfloat16. They are in temporary memory of
  // the thread that created this object, so a thread can use only one product at a time.
  const float* errors_ = nullptr;
  const std::uint16_t* rounded_ = nullptr;
};
