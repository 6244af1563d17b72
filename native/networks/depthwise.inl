// Depthwise convolutions of one image x[height, width, channels] with a kernel [size, size, channels].

// One row of the output.
void DepthwiseRow(const Window& w, Index row, const float* x, const float* kernel, float* y) {
  const Index top = row * w.stride - w.padTop;
  const Index firstDown = std::max<Index>(0, -top), endDown = std::min(w.size, w.height - top);
  for (Index j = 0; j < w.outWidth; j++, y += w.channels) {
    const Index left = j * w.stride - w.padLeft;
    const Index first = std::max<Index>(0, -left), end = std::min(w.size, w.width - left);
    OverRow(w.channels, [&](Index k, Index n) {
      Vector sum{};
      for (Index down = firstDown; down < endDown; down++) {
        const float* from = x + ((top + down) * w.width + left) * w.channels + k;
        const float* weights = kernel + down * w.size * w.channels + k;
        for (Index across = first; across < end; across++) {
          sum += Take(from + across * w.channels, n) * Take(weights + across * w.channels, n);
        }
      }
      Put(y + k, sum, n);
    });
  }
}

// One row of the errors of x, from those of y.
void DepthwiseErrors(const Window& w, Index row, const float* dy, const float* kernel, float* dx) {
  for (Index j = 0; j < w.width; j++, dx += w.channels) {
    OverRow(w.channels, [&](Index k, Index n) {
      Vector sum{};
      for (Index down = (row + w.padTop) % w.stride; down < w.size; down += w.stride) {
        if (row + w.padTop < down) break;
        const Index i = (row + w.padTop - down) / w.stride;
        if (i >= w.outHeight) continue;
        for (Index across = (j + w.padLeft) % w.stride; across < w.size; across += w.stride) {
          if (j + w.padLeft < across) break;
          const Index column = (j + w.padLeft - across) / w.stride;
          if (column >= w.outWidth) continue;
          sum += Take(dy + (i * w.outWidth + column) * w.channels + k, n) *
                 Take(kernel + (down * w.size + across) * w.channels + k, n);
        }
      }
      Put(dx + k, sum, n);
    });
  }
}

// Adds the contribution of one row of the errors of y to the errors of the kernel.
void DepthwiseWeights(const Window& w, Index row, const float* x, const float* dy, float* toKernel) {
  const Index top = row * w.stride - w.padTop;
  for (Index down = std::max<Index>(0, -top); down < std::min(w.size, w.height - top); down++) {
    for (Index across = 0; across < w.size; across++) {
      float* sums = toKernel + (down * w.size + across) * w.channels;
      const float* from = x + ((top + down) * w.width + across - w.padLeft) * w.channels;
      // Columns of the output for which this pixel of the window is inside the image.
      const Index first = across < w.padLeft ? (w.padLeft - across + w.stride - 1) / w.stride : 0;
      const Index end = std::min(w.outWidth, (w.width - 1 - across + w.padLeft + w.stride) / w.stride);
      OverRow(w.channels, [&](Index k, Index n) {
        Vector sum = Take(sums + k, n);
        for (Index j = first; j < end; j++) {
          sum += Take(from + j * w.stride * w.channels + k, n) * Take(dy + j * w.channels + k, n);
        }
        Put(sums + k, sum, n);
      });
    }
  }
}
