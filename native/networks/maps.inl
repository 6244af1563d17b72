// Passes over feature maps [height, width, channels] of one image: 2 x 2 max pooling, and standardization of bytes.

void MaxPoolForward(Index height, Index width, Index channels, const float* x, float* y) {
  const Index line = width * channels;
  for (Index i = 0; i + 1 < height; i += 2, x += 2 * line) {
    for (Index j = 0; j + 1 < width; j += 2, y += channels) {
      const float* a = x + j * channels;
      OverRow(channels, [&](Index k, Index n) {
        const Vector top = LargerOrNone(Take(a + channels + k, n), Take(a + k, n));
        const Vector bottom = LargerOrNone(Take(a + line + channels + k, n), Take(a + line + k, n));
        Put(y + k, LargerOrNone(bottom, top), n);
      });
    }
  }
}

// Assigns an error to the first largest pixel of its window. Writes every pixel of dx, and zero outside windows.
void MaxPoolBackward(Index height, Index width, Index channels, const float* dy, const float* x, float* dx) {
  const Index line = width * channels;
  for (Index i = 0; i + 1 < height; i += 2, x += 2 * line, dx += 2 * line) {
    for (Index j = 0; j + 1 < width; j += 2, dy += channels) {
      const float* window = x + j * channels;
      float* to = dx + j * channels;
      OverRow(channels, [&](Index k, Index n) {
        const Vector zero{}, error = Take(dy + k, n);
        const Vector a = Take(window + k, n), b = Take(window + channels + k, n);
        const Vector c = Take(window + line + k, n), d = Take(window + line + channels + k, n);
        const Integers below = Larger(d, c) > Larger(b, a);
        const Vector top = Choose(below, zero, error), bottom = Choose(below, error, zero);
        Put(to + k, Choose(b > a, zero, top), n);
        Put(to + channels + k, Choose(b > a, top, zero), n);
        Put(to + line + k, Choose(d > c, zero, bottom), n);
        Put(to + line + channels + k, Choose(d > c, bottom, zero), n);
      });
    }
    if (width % 2) {
      for (Index k = line - channels; k < line; k++) dx[k] = dx[line + k] = 0;
    }
  }
  if (height % 2) {
    for (Index k = 0; k < line; k++) dx[k] = 0;
  }
}

// y = (x - shift) * scale for the three channels of n pixels.
void Standardize(Index n, const std::uint8_t* __restrict x, const float* shift, const float* scale,
                 float* __restrict y) {
  // Three vectors contain sixteen pixels, and each lane of a vector always has the same channel.
  float shifts[48], scales[48];
  for (int i = 0; i < 48; i++) {
    shifts[i] = shift[i % 3];
    scales[i] = scale[i % 3];
  }
  Index i = 0;
  for (; i + 48 <= 3 * n; i += 48) {
    for (int j = 0; j < 48; j++) y[i + j] = (x[i + j] - shifts[j]) * scales[j];
  }
  for (int j = 0; i < 3 * n; i++, j++) y[i] = (x[i] - shifts[j]) * scales[j];
}
