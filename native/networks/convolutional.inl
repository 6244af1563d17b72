// Operations of convolutional networks: batch normalization with ReLU6, and depthwise convolutions.

// Mean and biased variance of each column: statistics [2, width]. Combines shares by the method of Chan et al. 1979.
void Moments(Index rows, Index width, const float* x, float* statistics) {
  const Index shares = (rows + kShare - 1) / kShare;
  std::vector<float> moments(2 * width * shares);
  InShares(rows, kShare, [&](Index share, Index begin, Index end) {
    Best().columnMoments(end - begin, width, x + begin * width, moments.data() + 2 * width * share);
  });
  std::vector<double> means(width), squares(width);
  for (Index share = 0; share < shares; share++) {
    const double before = share * kShare, own = std::min(kShare, rows - share * kShare), all = before + own;
    const float* from = moments.data() + 2 * width * share;
    for (Index k = 0; k < width; k++) {
      const double difference = from[k] - means[k];
      means[k] += difference * own / all;
      squares[k] += from[width + k] + difference * difference * before * own / all;
    }
  }
  for (Index k = 0; k < width; k++) {
    statistics[k] = means[k];
    statistics[width + k] = squares[k] / rows;
  }
}

constexpr Index kKept = 1, kRelu6 = 2;  // parts of `whole`

std::vector<float> ScalesOf(Index width, const float* gamma, const float* variance, float epsilon) {
  std::vector<float> scales(width);
  for (Index k = 0; k < width; k++) scales[k] = gamma[k] / std::sqrt(variance[k] + epsilon);
  return scales;
}

// x, gamma, beta, statistics [2, width] -> y, the statistics that were used; whole: kKept to use the given statistics
// instead of the batch's, kRelu6 for ReLU6; real: epsilon
void BatchNorm(Call& call, const Options& options) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == width && call.count(2) == width && call.count(3) == 2 * width && rows > 0,
               "gamma, beta and the statistics must be as long as the last axis.");
  float* y = call.Output(0, call.shape(0));
  float* statistics = call.Output(1, {2, width});
  if (!call.ok()) return;
  if (options.whole & kKept) std::copy_n(call.data(3), 2 * width, statistics);
  else Moments(rows, width, call.data(0), statistics);
  const std::vector<float> scales = ScalesOf(width, call.data(1), statistics + width, options.real);
  const Channels channels = {statistics, scales.data(), call.data(2)};
  InShares(rows, kShare, [&](Index, Index begin, Index end) {
    Best().normalize(end - begin, width, options.whole & kRelu6, call.data(0) + begin * width, channels,
                     y + begin * width);
  });
}

// dy, x, gamma, beta, the statistics that were used -> dx, [gamma's gradient, beta's gradient]
void BatchNormGrad(Call& call, const Options& options) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == call.count(0) && call.count(2) == width && call.count(3) == width &&
                   call.count(4) == 2 * width,
               "The saved tensors do not fit.");
  float* dx = call.Output(0, call.shape(0));
  float* sums = call.Output(1, {2, width});
  if (!call.ok()) return;
  const bool relu6 = options.whole & kRelu6;
  const float* variance = call.data(4) + width;
  const std::vector<float> scales = ScalesOf(width, call.data(2), variance, options.real);
  const Channels channels = {call.data(4), scales.data(), call.data(3)};
  WithSums(rows, 2 * width, sums, [&](Index begin, Index end, float* own) {
    const Index at = begin * width;
    Best().normalizeSums(end - begin, width, relu6, call.data(0) + at, call.data(1) + at, channels, own);
  });
  std::vector<float> slopes(width), offsets(width);
  for (Index k = 0; k < width; k++) {
    const float inverse = 1 / (variance[k] + options.real);
    if (!(options.whole & kKept)) {
      slopes[k] = -scales[k] * inverse * sums[k] / rows;
      offsets[k] = -scales[k] * sums[width + k] / rows;
    }
    sums[k] *= std::sqrt(inverse);
  }
  InShares(rows, kShare, [&](Index, Index begin, Index end) {
    const Index at = begin * width;
    Best().normalizeGrad(end - begin, width, relu6, call.data(0) + at, call.data(1) + at, channels, slopes.data(),
                         offsets.data(), dx + at);
  });
}

Window WindowOf(const Call& call, int x, int kernel, Index stride) {
  Window w{};
  if (call.rank(x) != 4 || call.rank(kernel) != 4 || stride < 1) return w;
  w.height = call.dim(x, 1), w.width = call.dim(x, 2), w.channels = call.dim(x, 3);
  w.size = call.dim(kernel, 0), w.stride = stride;
  w.outHeight = (w.height + stride - 1) / stride, w.outWidth = (w.width + stride - 1) / stride;
  w.padTop = std::max<Index>(0, (w.outHeight - 1) * stride + w.size - w.height) / 2;
  w.padLeft = std::max<Index>(0, (w.outWidth - 1) * stride + w.size - w.width) / 2;
  if (call.dim(kernel, 1) != w.size || call.count(kernel) != w.size * w.size * w.channels) w.size = 0;
  return w;
}

// x [n, h, w, c], kernel [k, k, c, 1] -> y; whole: stride
void Depthwise(Call& call, const Options& options) {
  const Window w = WindowOf(call, 0, 1, options.whole);
  call.Require(w.size > 0, "The kernel must be square and have the channels of x.");
  if (!call.ok()) return;
  const Index n = call.dim(0, 0), line = w.outWidth * w.channels;
  float* y = call.Output(0, {n, w.outHeight, w.outWidth, w.channels});
  if (!call.ok()) return;
  Workers::Shared().Run(n * w.outHeight, [&](Index i) {
    const float* image = call.data(0) + i / w.outHeight * w.height * w.width * w.channels;
    Best().depthwiseRow(w, i % w.outHeight, image, call.data(1), y + i * line);
  });
}

// dy, x, kernel -> dx, the kernel's gradient; whole: stride
void DepthwiseGrad(Call& call, const Options& options) {
  const Window w = WindowOf(call, 1, 2, options.whole);
  const Index line = w.width * w.channels, outLine = w.outWidth * w.channels;
  call.Require(w.size > 0 && call.count(0) == call.dim(1, 0) * w.outHeight * outLine, "dy does not fit x.");
  float* dx = call.Output(0, call.shape(1));
  float* toKernel = call.Output(1, call.shape(2));
  if (!call.ok()) return;
  const Index n = call.dim(1, 0), weights = call.count(2);
  std::vector<float> sums(n * weights);
  Workers::Shared().Run(n, [&](Index i) {
    const float* errors = call.data(0) + i * w.outHeight * outLine;
    const float* image = call.data(1) + i * w.height * line;
    // Alternately, so that the rows are in the cache for both passes.
    for (Index row = 0; row < w.height; row++) {
      Best().depthwiseErrors(w, row, errors, call.data(2), dx + (i * w.height + row) * line);
      if (row % w.stride) continue;
      const Index out = row / w.stride;
      Best().depthwiseWeights(w, out, image, errors + out * outLine, sums.data() + i * weights);
    }
  });
  InShares(weights, 1 << 12, [&](Index, Index begin, Index end) {
    std::fill(toKernel + begin, toKernel + end, 0.0f);
    for (Index i = 0; i < n; i++) {
      for (Index k = begin; k < end; k++) toKernel[k] += sums[i * weights + k];
    }
  });
}
