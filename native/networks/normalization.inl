// Batch normalization of rows of channels, optionally followed by ReLU6.

// Means of the columns of x[rows, width], and the sums of squared differences from them: moments [2, width].
void ColumnMoments(Index rows, Index width, const float* x, float* moments) {
  OverRow(width, [&](Index k, Index n) {
    const float* first = x + k;
    Vector sum{}, squares{};
    const Vector shift = Take(first, n);  // close to the mean, so that the sum stays small
    for (Index i = 0; i < rows; i++) sum += Take(first + i * width, n) - shift;
    const Vector mean = sum / Same(rows) + shift;
    for (Index i = 0; i < rows; i++) {
      const Vector difference = Take(first + i * width, n) - mean;
      squares += difference * difference;
    }
    Put(moments + k, mean, n);
    Put(moments + width + k, squares, n);
  });
}

// NaN stays NaN, so that a training that diverges is noticed.
inline Vector Clipped(Vector v) { return Smaller(Same(6.0f), Larger(Vector{}, v)); }

// y = (x - mean) * scale + beta.
void Normalize(Index rows, Index width, bool relu6, const float* x, const Channels& channels, float* y) {
  for (Index i = 0; i < rows; i++, x += width, y += width) {
    OverRow(width, [&](Index k, Index n) {
      const Vector v =
          (Take(x + k, n) - Take(channels.mean + k, n)) * Take(channels.scale + k, n) + Take(channels.beta + k, n);
      Put(y + k, relu6 ? Clipped(v) : v, n);
    });
  }
}

// The errors before the activation, and x - mean.
inline void Passed(const float* dy, const float* x, bool relu6, const Channels& channels, Index k, Index n,
                   Vector& error, Vector& centred) {
  error = Take(dy + k, n);
  centred = Take(x + k, n) - Take(channels.mean + k, n);
  if (!relu6) return;
  const Vector v = centred * Take(channels.scale + k, n) + Take(channels.beta + k, n);
  error = Choose((v > 0.0f) & (v < 6.0f), error, Vector{});
}

// Adds to sums [2, width]: errors times x - mean, and errors.
void NormalizeSums(Index rows, Index width, bool relu6, const float* dy, const float* x, const Channels& channels,
                   float* sums) {
  for (Index i = 0; i < rows; i++, x += width, dy += width) {
    OverRow(width, [&](Index k, Index n) {
      Vector error, centred;
      Passed(dy, x, relu6, channels, k, n, error, centred);
      Put(sums + k, Take(sums + k, n) + error * centred, n);
      Put(sums + width + k, Take(sums + width + k, n) + error, n);
    });
  }
}

// dx = errors * scale + (x - mean) * slope + offset.
void NormalizeGrad(Index rows, Index width, bool relu6, const float* dy, const float* x, const Channels& channels,
                   const float* slope, const float* offset, float* dx) {
  for (Index i = 0; i < rows; i++, x += width, dy += width, dx += width) {
    OverRow(width, [&](Index k, Index n) {
      Vector error, centred;
      Passed(dy, x, relu6, channels, k, n, error, centred);
      Put(dx + k, error * Take(channels.scale + k, n) + centred * Take(slope + k, n) + Take(offset + k, n), n);
    });
  }
}
