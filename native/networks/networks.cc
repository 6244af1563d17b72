// TensorFlow operations for training networks: attention, dense layers over tokens, layer normalization, GELU, sums of
// columns, 2 x 2 max pooling, standardization of pixels, batch normalization with ReLU6, depthwise convolutions. Each needs
// one pass over memory, and TensorFlow and tfjs need several. CPU, float32.
//
// The passes are compiled for three kinds of processors, and the best one is chosen when the addon is loaded. The number of
// threads does not change results.
#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "operation.h"
#include "../parallel.h"
#include "../processor.h"
#include "../round-up.h"
#include "../scratch.h"

namespace histo {
namespace {

struct AttentionShape {
  Index images, tokens, heads, depth;
};

// Batch normalization of each channel: (x - mean) * scale + beta.
struct Channels {
  const float *mean, *scale, *beta;
};

// A depthwise convolution with a square window and TensorFlow's SAME padding.
struct Window {
  Index height, width, channels, size, stride;
  Index outHeight, outWidth, padTop, padLeft;
};

// The passes for one kind of processor, and the size of the tiles of its products.
struct Passes {
  Index tileRows, tileColumns;
  Index (*attentionScratch)(Index tokens, Index depth);
  void (*attentionForward)(const AttentionShape&, Index, const float*, float*, float*, float*);
  void (*attentionBackward)(const AttentionShape&, Index, const float*, const float*, const float*, const float*, float*,
                            float*);
  void (*layerNormForward)(Index, Index, const float*, const float*, const float*, float, float*, float*);
  void (*layerNormBackward)(Index, Index, const float*, const float*, const float*, const float*, float*, float*);
  void (*geluForward)(Index, Index, const float*, const float*, float*);
  void (*geluBackward)(Index, Index, const float*, const float*, const float*, float*, float*);
  void (*columnSums)(Index, Index, const float*, float*);
  void (*addBias)(Index, Index, float*, const float*);
  void (*maxPoolForward)(Index, Index, Index, const float*, float*);
  void (*maxPoolBackward)(Index, Index, Index, const float*, const float*, float*);
  void (*standardize)(Index, const std::uint8_t*, const float*, const float*, float*);
  void (*columnMoments)(Index, Index, const float*, float*);
  void (*normalize)(Index, Index, bool, const float*, const Channels&, float*);
  void (*normalizeSums)(Index, Index, bool, const float*, const float*, const Channels&, float*);
  void (*normalizeGrad)(Index, Index, bool, const float*, const float*, const Channels&, const float*, const float*,
                        float*);
  void (*depthwiseRow)(const Window&, Index, const float*, const float*, float*);
  void (*depthwiseErrors)(const Window&, Index, const float*, const float*, float*);
  void (*depthwiseWeights)(const Window&, Index, const float*, const float*, float*);
  void (*packPanels)(Index, Index, const float*, Index, Index, float*);
  void (*tallProduct)(Index, Index, Index, const float*, const float*, float*, float*);
  void (*crossProduct)(Index, Index, Index, const float*, const float*, float*, bool, float*);
};

#define SECTION plain
#define LANES 4
#include "passes.inl"
#undef SECTION
#undef LANES

#ifdef HISTO_DISPATCHED
#pragma GCC push_options
#pragma GCC target("arch=haswell")
#define SECTION avx2
#define LANES 8
#include "passes.inl"
#undef SECTION
#undef LANES
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("arch=skylake-avx512,prefer-vector-width=512")
#define SECTION avx512
#define LANES 16
#include "passes.inl"
#undef SECTION
#undef LANES
#pragma GCC pop_options
#endif

const Passes& Best() {
#ifdef HISTO_DISPATCHED
  if (VectorIsa() == Isa::avx512) return avx512::passes;
  if (VectorIsa() == Isa::avx2) return avx2::passes;
#endif
  return plain::passes;
}

constexpr Index kShare = 128;  // rows

// total[n] = the sums of all shares, which are `apart` floats apart.
void AddShares(const float* sums, Index shares, Index apart, Index n, float* total) {
  std::fill_n(total, n, 0.0f);
  for (Index share = 0; share < shares; share++, sums += apart) {
    for (Index j = 0; j < n; j++) total[j] += sums[j];
  }
}

// Calls pass(begin, end, sums) for shares of rows, and adds the sums [width] of all shares into `total`.
template <typename Pass>
void WithSums(Index rows, Index width, float* total, Pass pass) {
  const Index shares = (rows + kShare - 1) / kShare;
  std::vector<float> sums(shares * width);
  InShares(rows, kShare, [&](Index share, Index begin, Index end) { pass(begin, end, sums.data() + share * width); });
  AddShares(sums.data(), shares, width, width, total);
}

AttentionShape ShapeOf(const Call& call, Index heads) {
  const Index depth = heads > 0 ? call.width(0) / 3 / heads : 0;
  return {call.rank(0) == 3 ? call.dim(0, 0) : 0, call.rank(0) == 3 ? call.dim(0, 1) : 0, heads, depth};
}

// qkv [n, t, 3 heads depth] -> out [n, t, heads depth], logSums [n, heads, t]; whole: heads
void Attention(Call& call, const Options& options) {
  const AttentionShape shape = ShapeOf(call, options.whole);
  call.Require(shape.depth > 0 && 3 * shape.depth * shape.heads == call.width(0), "qkv does not fit the heads.");
  float* out = call.Output(0, {shape.images, shape.tokens, shape.heads * shape.depth});
  float* logSums = call.Output(1, {shape.images, shape.heads, shape.tokens});
  if (!call.ok()) return;
  Workers::Shared().Run(shape.images * shape.heads, [&](Index head) {
    float* memory = Scratch<struct OfHead, float>(Best().attentionScratch(shape.tokens, shape.depth));
    Best().attentionForward(shape, head, call.data(0), out, logSums, memory);
  });
}

// qkv, out, logSums, errors of out -> errors of qkv
void AttentionGrad(Call& call, const Options& options) {
  const AttentionShape shape = ShapeOf(call, options.whole);
  call.Require(shape.depth > 0 && call.count(1) * 3 == call.count(0) && call.count(3) == call.count(1) &&
                   call.count(2) == shape.images * shape.heads * shape.tokens,
               "The saved tensors do not fit.");
  float* toQkv = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  Workers::Shared().Run(shape.images * shape.heads, [&](Index head) {
    float* memory = Scratch<struct OfHead, float>(Best().attentionScratch(shape.tokens, shape.depth));
    Best().attentionBackward(shape, head, call.data(0), call.data(1), call.data(2), call.data(3), toQkv, memory);
  });
}

// x, gamma, beta -> y, statistics [rows, 2]; real: epsilon
void LayerNorm(Call& call, const Options& options) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == width && call.count(2) == width, "gamma and beta must be as long as the last axis.");
  float* y = call.Output(0, call.shape(0));
  float* statistics = call.Output(1, {rows, 2});
  if (!call.ok()) return;
  InShares(rows, kShare, [&](Index, Index begin, Index end) {
    Best().layerNormForward(end - begin, width, call.data(0) + begin * width, call.data(1), call.data(2), options.real,
                            y + begin * width, statistics + 2 * begin);
  });
}

// dy, x, gamma, statistics -> dx, [gamma's gradient, beta's gradient]
void LayerNormGrad(Call& call, const Options&) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == call.count(0) && call.count(2) == width && call.count(3) == 2 * rows,
               "The saved tensors do not fit.");
  float* dx = call.Output(0, call.shape(0));
  float* sums = call.Output(1, {2, width});
  if (!call.ok()) return;
  WithSums(rows, 2 * width, sums, [&](Index begin, Index end, float* own) {
    const Index at = begin * width;
    Best().layerNormBackward(end - begin, width, call.data(0) + at, call.data(1) + at, call.data(2),
                             call.data(3) + 2 * begin, dx + at, own);
  });
}

// x, bias -> y
void Gelu(Call& call, const Options&) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == width, "The bias must be as long as the last axis.");
  float* y = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  InShares(rows, kShare, [&](Index, Index begin, Index end) {
    Best().geluForward(end - begin, width, call.data(0) + begin * width, call.data(1), y + begin * width);
  });
}

// dy, x, bias -> dx, the bias's gradient
void GeluGrad(Call& call, const Options&) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == call.count(0) && call.count(2) == width, "The saved tensors do not fit.");
  float* dx = call.Output(0, call.shape(0));
  float* sums = call.Output(1, {width});
  if (!call.ok()) return;
  WithSums(rows, width, sums, [&](Index begin, Index end, float* own) {
    const Index at = begin * width;
    Best().geluBackward(end - begin, width, call.data(0) + at, call.data(1) + at, call.data(2), dx + at, own);
  });
}

// x -> sums over all axes but the last
void ColumnSums(Call& call, const Options&) {
  const Index width = call.width(0), rows = call.rows(0);
  float* sums = call.Output(0, {width});
  if (!call.ok()) return;
  WithSums(rows, width, sums, [&](Index begin, Index end, float* own) {
    Best().columnSums(end - begin, width, call.data(0) + begin * width, own);
  });
}

// Adds a bias [width] to x in place.
void AddBias(Call& call, const Options&) {
  const Index width = call.width(0), rows = call.rows(0);
  call.Require(call.count(1) == width, "The bias must be as long as the last axis.");
  if (!call.ok()) return;
  InShares(rows, kShare, [&](Index, Index begin, Index end) {
    Best().addBias(end - begin, width, call.data(0) + begin * width, call.data(1));
  });
}

// x [n, h, w, c] -> y [n, h / 2, w / 2, c]
void MaxPool(Call& call, const Options&) {
  call.Require(call.rank(0) == 4, "x must have four axes.");
  if (!call.ok()) return;
  const Index n = call.dim(0, 0), height = call.dim(0, 1), width = call.dim(0, 2), channels = call.dim(0, 3);
  float* y = call.Output(0, {n, height / 2, width / 2, channels});
  if (!call.ok()) return;
  Workers::Shared().Run(n, [&](Index i) {
    Best().maxPoolForward(height, width, channels, call.data(0) + i * height * width * channels,
                          y + i * (height / 2) * (width / 2) * channels);
  });
}

// dy, x -> dx
void MaxPoolGrad(Call& call, const Options&) {
  call.Require(call.rank(1) == 4, "x must have four axes.");
  if (!call.ok()) return;
  const Index n = call.dim(1, 0), height = call.dim(1, 1), width = call.dim(1, 2), channels = call.dim(1, 3);
  const Index small = (height / 2) * (width / 2) * channels, large = height * width * channels;
  call.Require(call.count(0) == n * small, "dy does not fit x.");
  float* dx = call.Output(0, call.shape(1));
  if (!call.ok()) return;
  Workers::Shared().Run(n, [&](Index i) {
    Best().maxPoolBackward(height, width, channels, call.data(0) + i * small, call.data(1) + i * large, dx + i * large);
  });
}

// bytes [..., 3], shift [3], scale [3] -> (bytes - shift) * scale
void StandardizePixels(Call& call, const Options&) {
  call.Require(call.width(0) == 3 && call.count(1) == 3 && call.count(2) == 3, "Pixels must have three channels.");
  float* y = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  InShares(call.rows(0), 1 << 14, [&](Index, Index begin, Index end) {
    Best().standardize(end - begin, call.data<std::uint8_t>(0) + 3 * begin, call.data(1), call.data(2), y + 3 * begin);
  });
}

#include "affine.inl"
#include "convolutional.inl"

bool RegisterAll() {
  return Register<Attention>("HistoAttention", {"qkv: float"}, {"out: float", "log_sums: float"}) &&
         Register<AttentionGrad>("HistoAttentionGrad",
                                 {"qkv: float", "out: float", "log_sums: float", "errors: float"}, {"to_qkv: float"}) &&
         Register<LayerNorm>("HistoLayerNorm", {"x: float", "gamma: float", "beta: float"},
                             {"y: float", "statistics: float"}) &&
         Register<LayerNormGrad>("HistoLayerNormGrad",
                                 {"dy: float", "x: float", "gamma: float", "statistics: float"},
                                 {"dx: float", "sums: float"}) &&
         Register<Gelu>("HistoGelu", {"x: float", "bias: float"}, {"y: float"}) &&
         Register<GeluGrad>("HistoGeluGrad", {"dy: float", "x: float", "bias: float"}, {"dx: float", "sums: float"}) &&
         Register<ColumnSums>("HistoColumnSums", {"x: float"}, {"sums: float"}) &&
         Register<AddBias>("HistoAddBias", {"x: float", "bias: float"}, {}) &&
         Register<Affine>("HistoAffine", {"x: float", "weights: float", "bias: float"}, {"y: float"}) &&
         Register<AffineGelu>("HistoAffineGelu", {"x: float", "weights: float", "bias: float"},
                              {"product: float", "y: float"}) &&
         Register<AffineGrad>("HistoAffineGrad", {"dy: float", "x: float", "weights: float"},
                              {"dx: float", "to_weights: float", "to_bias: float"}) &&
         Register<AffineGeluGrad>("HistoAffineGeluGrad",
                                  {"dy: float", "x: float", "weights: float", "product: float", "bias: float"},
                                  {"dx: float", "to_weights: float", "to_bias: float"}) &&
         Register<MaxPool>("HistoMaxPool", {"x: float"}, {"y: float"}) &&
         Register<MaxPoolGrad>("HistoMaxPoolGrad", {"dy: float", "x: float"}, {"dx: float"}) &&
         Register<BatchNorm>("HistoBatchNorm", {"x: float", "gamma: float", "beta: float", "statistics: float"},
                             {"y: float", "used: float"}) &&
         Register<BatchNormGrad>("HistoBatchNormGrad",
                                 {"dy: float", "x: float", "gamma: float", "beta: float", "statistics: float"},
                                 {"dx: float", "sums: float"}) &&
         Register<Depthwise>("HistoDepthwise", {"x: float", "kernel: float"}, {"y: float"}) &&
         Register<DepthwiseGrad>("HistoDepthwiseGrad", {"dy: float", "x: float", "kernel: float"},
                                 {"dx: float", "to_kernel: float"}) &&
         Register<StandardizePixels>("HistoStandardize", {"pixels: uint8", "shift: float", "scale: float"},
                                     {"y: float"});
}

}  // namespace
}  // namespace histo

// Loading the addon registers the operations. Its value is whether that succeeded.
NAPI_MODULE_INIT() {
  static const bool registered = histo::RegisterAll();
  napi_value result = nullptr;
  napi_get_boolean(env, registered, &result);
  return result;
}
