// Compares the products of rows (native/networks/products.inl) with plain loops in double precision, for registers of LANES floats.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "../../native/round-up.h"

using Index = std::int64_t;
using histo::RoundUp;
#include "../../native/networks/vectors.inl"
#include "../../native/networks/products.inl"

std::vector<float> Numbers(Index n, unsigned seed) {
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 23) - 1;
  return values;
}

int failures = 0;
void Expect(const char* what, Index m, Index n, Index depth, const float* c, Index width, const std::vector<double>& expected) {
  double worst = 0;
  for (Index i = 0; i < m; i++) {
    for (Index j = 0; j < n; j++) worst = std::max(worst, std::abs(c[i * width + j] - expected[i * n + j]));
  }
  if (worst <= 1e-6 * depth) return;
  failures++;
  std::printf("%s of %ld x %ld x %ld is off by %g\n", what, (long)m, (long)depth, (long)n, worst);
}

void Check(Index m, Index n, Index depth) {
  std::vector<double> expected(m * n);
  const std::vector<float> a = Numbers(m * depth, 1), b = Numbers(depth * n, 2);
  for (Index i = 0; i < m; i++) {
    for (Index k = 0; k < depth; k++) {
      for (Index j = 0; j < n; j++) expected[i * n + j] += double(a[i * depth + k]) * b[k * n + j];
    }
  }
  const Index height = RoundUp(m, kRows), width = RoundUp(n, kColumns);
  std::vector<float> panels(depth * width), memory(kRows * depth), c(m * n, 9);
  PackPanels(depth, n, b.data(), n, 1, panels.data());
  TallProduct(m, n, depth, a.data(), panels.data(), c.data(), memory.data());
  Expect("The product", m, n, depth, c.data(), n, expected);

  std::vector<float> across(depth * m), larger(depth * (height + width));
  for (Index i = 0; i < m; i++) {
    for (Index k = 0; k < depth; k++) across[k * m + i] = a[i * depth + k];
  }
  std::vector<float> sums(height * width, 9);
  const Index first = depth / 3;  // in two parts
  CrossProduct(first, m, n, across.data(), b.data(), sums.data(), false, larger.data());
  CrossProduct(depth - first, m, n, across.data() + first * m, b.data() + first * n, sums.data(), true, larger.data());
  Expect("The product of columns", m, n, depth, sums.data(), width, expected);
}

int main() {
  for (Index m : {1, 11, 12, 50, 97}) {
    for (Index n : {1, 15, 32, 70}) {
      for (Index depth : {1, 30, 128, 300}) Check(m, n, depth);
    }
  }
  return failures > 0;
}
