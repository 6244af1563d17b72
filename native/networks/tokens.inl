// Passes over rows of features: layer normalization, GELU, sums of columns. Sums over rows are computed in shares of a fixed
// size and then added in order, so that they do not depend on the number of threads.

// statistics: mean and inverse standard deviation of each row.
void LayerNormForward(Index rows, Index width, const float* x, const float* gamma, const float* beta, float epsilon,
                      float* y, float* statistics) {
  for (Index i = 0; i < rows; i++, x += width, y += width) {
    Vector sum{}, squares{};
    OverRow(width, [&](Index j, Index n) { sum += Take(x + j, n); });
    const float mean = Sum(sum) / width;
    OverRow(width, [&](Index j, Index n) {
      Vector d = Take(x + j, n) - mean;
      for (Index lane = n; lane < kLanes; lane++) d[lane] = 0;
      squares += d * d;
    });
    const float inverse = 1 / std::sqrt(Sum(squares) / width + epsilon);
    statistics[2 * i] = mean;
    statistics[2 * i + 1] = inverse;
    OverRow(width, [&](Index j, Index n) {
      Put(y + j, (Take(x + j, n) - mean) * inverse * Take(gamma + j, n) + Take(beta + j, n), n);
    });
  }
}

// sums: gradients of gamma and beta, added over these rows to 2 * width numbers that are zero at the start.
void LayerNormBackward(Index rows, Index width, const float* dy, const float* x, const float* gamma,
                       const float* statistics, float* dx, float* sums) {
  for (Index i = 0; i < rows; i++, x += width, dy += width, dx += width) {
    const float mean = statistics[2 * i], inverse = statistics[2 * i + 1];
    Vector sum{}, along{};
    OverRow(width, [&](Index j, Index n) {
      const Vector d = Take(dy + j, n), normal = (Take(x + j, n) - mean) * inverse, e = d * Take(gamma + j, n);
      sum += e;
      along += e * normal;
      Put(sums + j, Take(sums + j, n) + d * normal, n);
      Put(sums + width + j, Take(sums + width + j, n) + d, n);
    });
    const float meanError = Sum(sum) / width, meanAlong = Sum(along) / width;
    OverRow(width, [&](Index j, Index n) {
      const Vector normal = (Take(x + j, n) - mean) * inverse, e = Take(dy + j, n) * Take(gamma + j, n);
      Put(dx + j, (e - meanError - normal * meanAlong) * inverse, n);
    });
  }
}

void GeluForward(Index rows, Index width, const float* x, const float* bias, float* y) {
  for (Index i = 0; i < rows; i++, x += width, y += width) {
    OverRow(width, [&](Index j, Index n) {
      Vector bell;
      const Vector v = Take(x + j, n) + Take(bias + j, n);
      Put(y + j, v * NormalDistribution(v, bell), n);
    });
  }
}

// sums: gradient of the bias, added over these rows to `width` numbers that are zero at the start.
void GeluBackward(Index rows, Index width, const float* dy, const float* x, const float* bias, float* dx, float* sums) {
  for (Index i = 0; i < rows; i++, x += width, dy += width, dx += width) {
    OverRow(width, [&](Index j, Index n) {
      Vector bell;
      const Vector v = Take(x + j, n) + Take(bias + j, n);
      const Vector share = NormalDistribution(v, bell);
      const Vector d = Take(dy + j, n) * (share + v * bell * 0.39894228f);
      Put(dx + j, d, n);
      Put(sums + j, Take(sums + j, n) + d, n);
    });
  }
}

void ColumnSums(Index rows, Index width, const float* x, float* sums) {
  for (Index i = 0; i < rows; i++, x += width) {
    OverRow(width, [&](Index j, Index n) { Put(sums + j, Take(sums + j, n) + Take(x + j, n), n); });
  }
}

void AddBias(Index rows, Index width, float* x, const float* bias) {
  for (Index i = 0; i < rows; i++, x += width) {
    OverRow(width, [&](Index j, Index n) { Put(x + j, Take(x + j, n) + Take(bias + j, n), n); });
  }
}
