// Prefetches the weights that are needed next, little by little during a multiplication. A processor's own prefetching stops at
// the end of each page, and it waits while a block that was read is multiplied.
#pragma once
#include <cstdint>

namespace histo {

struct Ahead {
  static constexpr std::int64_t kLine = 16;  // floats in a cache line
  const float* block;                        // or null
  std::int64_t stride, rows, columns, row = 0, column = 0;

  std::int64_t Lines() const { return rows * columns / kLine; }

  // Prefetches the next lines of the block.
  void Ask(std::int64_t lines) {
    if (!block) return;
    for (; lines > 0 && row < rows; lines--) {
      __builtin_prefetch(block + row * stride + column, 0, 2);
      column += kLine;
      if (column >= columns) column = 0, row++;
    }
  }
};

}  // namespace histo
