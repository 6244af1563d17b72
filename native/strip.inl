// Inner loops for one kind of registers: namespace SECTION, with REGISTERS registers of LANES floats.

namespace SECTION {

typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// rows x vectors registers contain sums. The other registers need `vectors` vectors of e and one of a.
template <int rows, int vectors>
inline __attribute__((always_inline)) void Multiply(const float* a, std::int64_t rowStep, std::int64_t step, const float* e,
                                                    std::int64_t depth, float* sums, std::int64_t stride, bool add) {
  Lanes sum[rows][vectors] = {};
  if (add) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++) sum[r][v] = *reinterpret_cast<const Lanes*>(sums + r * stride + v * LANES);
    }
  }
  for (std::int64_t k = 0; k < depth; k++) {
    Lanes part[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) part[v] = *reinterpret_cast<const Lanes*>(e + (k * vectors + v) * LANES);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      const Lanes same = a[r * rowStep + k * step] - Lanes{};
#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++) sum[r][v] += part[v] * same;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) *reinterpret_cast<Lanes*>(sums + r * stride + v * LANES) = sum[r][v];
  }
}

template <int rows, int vectors>
void Packed(const float* a, const float* e, std::int64_t depth, float* sums, std::int64_t stride) {
  Multiply<rows, vectors>(a, 1, rows, e, depth, sums, stride, false);
}

template <int rows, int vectors>
void Strided(const float* a, std::int64_t rowStep, std::int64_t step, const float* e, std::int64_t depth, float* sums,
             std::int64_t stride, bool add) {
  // The compiler needs fewer address registers if one of the steps is known.
  if (rowStep == 1) Multiply<rows, vectors>(a, 1, step, e, depth, sums, stride, add);
  else Multiply<rows, vectors>(a, rowStep, 1, e, depth, sums, stride, add);
}

template <int rows, int vectors>
constexpr Strip kStrip = {rows, vectors * LANES, Packed<rows, vectors>, Strided<rows, vectors>};

constexpr const Strip& gradient = kStrip<REGISTERS == 32 ? 8 : 4, 3>;
constexpr const Strip& batch = kStrip<6, REGISTERS == 32 ? 4 : 2>;

}  // namespace SECTION

#undef SECTION
#undef LANES
#undef REGISTERS
