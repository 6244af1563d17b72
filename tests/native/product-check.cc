// Compares native/product.cc and batch.cc with plain loops in double precision; exits with 1 where they differ. Needs no
// TensorFlow. With an argument, factors are rounded to bfloat16 where the processor has such products.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "../../native/batch.h"
#include "../../native/bfloat16.h"
#include "../../native/product.h"

using Index = std::int64_t;

// A factor as products read it: rounded to the nearest bfloat16, to the even one of two.
double Factor(float value, bool bf16) {
  if (!bf16 || !histo::bfloat16::Available()) return value;
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

// Whether a result differs from the sum of a(k) * b(k) by more than rounding the sum can do.
template <typename A, typename B>
bool Differs(const char* what, Index row, Index column, Index depth, float result, float base, bool bf16, A a, B b) {
  double sum = base, size = 1;
  for (Index k = 0; k < depth; k++) {
    const double product = Factor(a(k), bf16) * Factor(b(k), bf16);
    sum += product;
    size += std::abs(product);
  }
  if (std::abs(sum - result) <= size * 1e-6) return false;
  std::printf("%s: row %d, column %d: %g is not %g\n", what, int(row), int(column), double(result), sum);
  return true;
}

float Nothing(Index) { return 0; }

int main(int count, char**) {
  const bool bf16 = count > 1;
  const Index shapes[][3] = {{1, 1, 1}, {5, 17, 47}, {64, 35, 101}, {33, 16, 96}, {64, 7, 2352}, {70, 300, 130}, {64, 294, 1}};
  unsigned state = 1;
  const auto fill = [&](std::vector<float>& values) {
    for (float& value : values) value = static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) / (1 << 23) - 1;
  };
  for (const auto& [batch, rows, columns] : shapes) {
    std::vector<float> x(batch * rows), e(batch * columns), w(rows * columns), bias(columns), base(batch * columns);
    for (auto* values : {&x, &e, &w, &bias, &base}) fill(*values);
    const auto n = columns, k = rows;  // structured bindings cannot be captured

    std::vector<float> out(Product::kTile * n);
    const Product product(x.data(), e.data(), batch, k, n, bf16);
    for (Index first = 0; first < k; first += Product::kTile) {
      const Index some = std::min(Product::kTile, k - first);
      product.Rows(first, some, out.data());
      for (Index r = 0; r < some; r++) {
        for (Index c = 0; c < n; c++) {
          if (Differs("gradient", first + r, c, batch, out[r * n + c], 0, bf16, [&](Index i) { return x[i * k + first + r]; },
                      [&](Index i) { return e[i * n + c]; })) return 1;
        }
      }
    }

    std::vector<float> y(batch * n), dx(batch * k), rectified(batch * n), masked(batch * k), sums(k);
    const histo::BatchProduct layer = {batch, k, n, w.data(), bf16};
    for (const bool forAll : {true, false}) {
      layer.Forward(x.data(), k, forAll ? bias.data() : base.data(), forAll, y.data(), false);
      layer.Forward(x.data(), k, forAll ? bias.data() : base.data(), forAll, rectified.data(), true);
      for (Index r = 0; r < batch; r++) {
        for (Index c = 0; c < n; c++) {
          if (Differs("forward", r, c, k, y[r * n + c], forAll ? bias[c] : base[r * n + c], bf16,
                      [&](Index i) { return x[r * k + i]; }, [&](Index i) { return w[i * n + c]; })) return 1;
          if (Differs("rectified", r, c, 0, rectified[r * n + c], std::max(y[r * n + c], 0.0f), bf16, Nothing, Nothing)) return 1;
        }
      }
    }
    const float factor = batch % 2 ? 1.0f : 1 / 0.7f;
    layer.Backward(e.data(), {}, dx.data(), nullptr);
    layer.Backward(e.data(), {x.data(), factor}, masked.data(), sums.data());
    for (Index r = 0; r < batch; r++) {
      for (Index c = 0; c < k; c++) {
        if (Differs("backward", r, c, n, dx[r * k + c], 0, bf16, [&](Index i) { return e[r * n + i]; },
                    [&](Index i) { return w[c * n + i]; })) return 1;
        const float kept = x[r * k + c] > 0 ? dx[r * k + c] * factor : 0;
        if (Differs("masked", r, c, 0, masked[r * k + c], kept, bf16, Nothing, Nothing)) return 1;
      }
    }
    for (Index c = 0; c < k; c++) {
      if (Differs("sums", 0, c, batch, sums[c], 0, false, [&](Index r) { return masked[r * k + c]; },
                  [](Index) { return 1.0f; })) return 1;
    }
  }
  return 0;
}
