// The float product's inner loop for one kind of register file: SECTION names it, LANES are the floats of a register, and
// ROWS x VECTORS registers hold sums, beside which VECTORS and one more must fit.

namespace SECTION {

typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// sums[ROWS][VECTORS * LANES] (row stride in floats) = x[depth][ROWS]^T * e[depth][VECTORS * LANES]
void Strip(const float* x, const float* e, std::int64_t depth, float* sums, std::int64_t stride) {
  Lanes sum[ROWS][VECTORS] = {};
  for (std::int64_t k = 0; k < depth; k++) {
    Lanes part[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) part[v] = *reinterpret_cast<const Lanes*>(e + (k * VECTORS + v) * LANES);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
      const Lanes same = x[k * ROWS + r] - Lanes{};
#pragma GCC unroll 8
      for (int v = 0; v < VECTORS; v++) sum[r][v] += part[v] * same;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) *reinterpret_cast<Lanes*>(sums + r * stride + v * LANES) = sum[r][v];
  }
}

constexpr Kernel kernel = {ROWS, VECTORS * LANES, Strip};

}  // namespace SECTION
