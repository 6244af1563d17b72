// Compares native/product.cc with a plain loop in double precision; exits with 1 where they differ. Needs no TensorFlow.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "../../native/product.h"

int main() {
  const std::int64_t shapes[][3] = {{1, 1, 1}, {5, 17, 47}, {64, 35, 101}, {33, 16, 96}, {64, 7, 2352}};
  unsigned state = 1;
  const auto next = [&] { return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) / (1 << 23) - 1; };
  for (const auto& [batch, rows, columns] : shapes) {
    std::vector<float> x(batch * rows), e(batch * columns), out(Product::kTile * columns);
    for (float& value : x) value = next();
    for (float& value : e) value = next();
    const Product product(x.data(), e.data(), batch, rows, columns, false);
    for (std::int64_t first = 0; first < rows; first += Product::kTile) {
      const std::int64_t count = std::min(Product::kTile, rows - first);
      product.Rows(first, count, out.data());
      for (std::int64_t r = 0; r < count; r++) {
        for (std::int64_t c = 0; c < columns; c++) {
          double sum = 0;
          for (std::int64_t k = 0; k < batch; k++) sum += double(x[k * rows + first + r]) * e[k * columns + c];
          if (!(std::abs(sum - out[r * columns + c]) < 1e-5)) {
            std::printf("row %d, column %d: %g is not %g\n", int(first + r), int(c), double(out[r * columns + c]), sum);
            return 1;
          }
        }
      }
    }
  }
  return 0;
}
