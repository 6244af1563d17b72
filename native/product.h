// Rows of the product inputs^T x errors of a batch, which is the gradient of a Dense layer's kernel: inputs [batch, rows],
// errors [batch, columns]. A tile of rows is small enough to stay in the cache until an update has used it up.
#pragma once
#include <cstdint>
#include <vector>

class Product {
 public:
  // Rows that are computed together.
  static constexpr std::int64_t kTile = 16;

  // With `bf16`, inputs and errors are rounded to bfloat16 and their products are summed in float32, where the processor
  // has matrix tiles (AMX); everything is float32 otherwise.
  Product(const float* inputs, const float* errors, std::int64_t batch, std::int64_t rows, std::int64_t columns, bool bf16);

  // Writes `count` (at most kTile) rows from row `first` to out [count, columns].
  void Rows(std::int64_t first, std::int64_t count, float* out) const;

  // True where bf16 products are computed in matrix tiles.
  static bool HasTiles();

 private:
  void RowsInFloat(std::int64_t first, std::int64_t count, float* out) const;
  void RowsInTiles(std::int64_t first, std::int64_t count, float* out) const;

  const float* inputs_;
  std::int64_t batch_, rows_, columns_;
  bool tiles_;
  // Errors as they are read: strips of columns, each [batch, strip] floats or pairs of bfloat16; zeros beyond the edges.
  std::vector<float> floats_;
  std::vector<std::uint16_t> pairs_;
};
