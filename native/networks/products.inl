// Products of matrices, in tiles whose sums fill the registers: AVX-512 has 32, and others have 16.

constexpr Index kRows = LANES == 16 ? 12 : 6;
constexpr Index kColumns = 2 * kLanes;

// c[kRows, N * kLanes] = a b, or that much more with `add`. a is read at row * down + depth * across.
template <int N>
inline __attribute__((always_inline)) void Tile(const float* a, Index down, Index across, const float* b, Index bWidth,
                                                float* c, Index cWidth, Index depth, bool add) {
  Vector sums[kRows][N] = {};
  if (add) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 16
      for (int j = 0; j < N; j++) sums[i][j] = Load(c + i * cWidth + j * kLanes);
    }
  }
  for (Index k = 0; k < depth; k++) {
    Vector row[N];
#pragma GCC unroll 16
    for (int j = 0; j < N; j++) row[j] = Load(b + k * bWidth + j * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      const Vector factor = Same(a[i * down + k * across]);
#pragma GCC unroll 16
      for (int j = 0; j < N; j++) sums[i][j] += factor * row[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 16
    for (int j = 0; j < N; j++) Store(c + i * cWidth + j * kLanes, sums[i][j]);
  }
}

// c[m, n] = a[m, depth] b[depth, n]. Reads and writes whole tiles: m is rounded up to kRows, n to kLanes.
inline void Product(Index m, Index n, Index depth, const float* a, Index down, Index across, const float* b,
                    Index bWidth, float* c, Index cWidth) {
  for (Index j = 0; j < n; j += kColumns) {
    const bool whole = n - j > kLanes;
    for (Index i = 0; i < m; i += kRows) {
      const float* rows = a + i * down;
      float* target = c + i * cWidth + j;
      if (whole) Tile<2>(rows, down, across, b + j, bWidth, target, cWidth, depth, false);
      else Tile<1>(rows, down, across, b + j, bWidth, target, cWidth, depth, false);
    }
  }
}

// Of a matrix [depth, columns] that is read at row * down + column * across: panels [depth, kColumns], padded with zeros.
void PackPanels(Index depth, Index columns, const float* from, Index down, Index across, float* panels) {
  for (Index j = 0; j < columns; j += kColumns, panels += depth * kColumns) {
    const Index n = std::min(kColumns, columns - j);
    for (Index k = 0; k < depth; k++) {
      float* to = panels + k * kColumns;
      for (Index i = 0; i < kColumns; i++) to[i] = i < n ? from[k * down + (j + i) * across] : 0;
    }
  }
}

// Rows of a tall matrix that stay in the first cache together, and the part of their length that does.
constexpr Index kTogether = 48, kDepth = 128;

// c[m, n] = a[m, depth] b[depth, n], where b is in panels. `memory`: kRows * depth floats.
void TallProduct(Index m, Index n, Index depth, const float* a, const float* panels, float* c, float* memory) {
  for (Index top = 0; top < m; top += kTogether) {
    const Index end = std::min(top + kTogether, m), whole = end - (end - top) % kRows;
    if (whole < end) {
      std::memcpy(memory, a + whole * depth, (end - whole) * depth * sizeof(float));
      std::fill(memory + (end - whole) * depth, memory + kRows * depth, 0.0f);
    }
    for (Index j = 0; j < n; j += kColumns) {
      const float* panel = panels + j * depth;
      const bool fits = n - j >= kColumns;
      for (Index k = 0; fits && k < depth; k += kDepth) {
        const Index part = std::min(kDepth, depth - k);
        for (Index i = top; i < whole; i += kRows) {
          Tile<2>(a + i * depth + k, depth, 1, panel + k * kColumns, kColumns, c + i * n + j, n, part, k > 0);
        }
      }
      for (Index i = fits ? whole : top; i < end; i += kRows) {  // tiles that are larger than what is left of c
        float tile[kRows * kColumns];
        Tile<2>(i < whole ? a + i * depth : memory, depth, 1, panel, kColumns, tile, kColumns, depth, false);
        for (Index row = i; row < std::min(i + kRows, end); row++) {
          std::memcpy(c + row * n + j, tile + (row - i) * kColumns, std::min(kColumns, n - j) * sizeof(float));
        }
      }
    }
  }
}

// c[height, width] = a[rows, m]^T b[rows, n], or that much more with `add`. Height and width: m and n rounded up to whole tiles.
// `memory`: rows * (height + width) floats.
void CrossProduct(Index rows, Index m, Index n, const float* a, const float* b, float* c, bool add, float* memory) {
  const Index height = RoundUp(m, kRows), width = RoundUp(n, kColumns);
  float *across = memory, *panels = memory + rows * height;  // [height / kRows, rows, kRows], [width / kColumns, rows, kColumns]
  for (Index r = 0; r < rows; r++, a += m) {
    for (Index i = 0; i < height; i += kRows) {
      float* to = across + i * rows + r * kRows;
      for (Index k = 0; k < kRows; k++) to[k] = i + k < m ? a[i + k] : 0;
    }
  }
  PackPanels(rows, n, b, n, 1, panels);
  for (Index j = 0; j < n; j += kColumns) {
    for (Index i = 0; i < m; i += kRows) {
      Tile<2>(across + i * rows, 1, kRows, panels + j * rows, kColumns, c + i * width + j, width, rows, add);
    }
  }
}
