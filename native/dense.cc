// TensorFlow operations for Dense layers. HistoDense and HistoDenseGrad: the products of a layer, see batch.h. HistoRelu and
// HistoReluGrad, because TensorFlow's take longer to start threads than to compute. HistoChain and HistoChainGrad: all of these
// for several Dense layers with ReLU between them, in one call. CPU, float32.
#include "dense.h"

#include <algorithm>

#include "batch.h"
#include "networks/operation.h"
#include "parallel.h"
#include "processor.h"

namespace histo {
namespace {

// y = x W + base. `whole`: the first column of x that is multiplied. `real`: 1 if factors may be bfloat16.
void Dense(Call& call, const Options& options) {
  call.Require(call.rank(0) == 2 && call.rank(1) == 2, "x and weights must be matrices.");
  if (!call.ok()) return;
  const Index batch = call.dim(0, 0), width = call.dim(0, 1), inputs = call.dim(1, 0), outputs = call.dim(1, 1);
  const bool forAll = call.rank(2) == 1;
  call.Require(options.whole >= 0 && options.whole + inputs <= width, "x has too few columns for the weights.");
  call.Require(call.width(2) == outputs && (forAll || call.rows(2) == batch), "The base does not fit the result.");
  float* y = call.Output(0, {batch, outputs});
  if (!call.ok() || batch * outputs == 0) return;
  const BatchProduct product = {batch, inputs, outputs, call.data(1), options.real != 0};
  product.Forward(call.data(0) + options.whole, width, call.data(2), forAll, y, false);
}

// dx = dy W^T. `real`: 1 if factors may be bfloat16.
void DenseGrad(Call& call, const Options& options) {
  call.Require(call.rank(0) == 2 && call.rank(1) == 2 && call.dim(0, 1) == call.dim(1, 1), "dy does not fit the weights.");
  if (!call.ok()) return;
  const Index batch = call.dim(0, 0), inputs = call.dim(1, 0);
  float* dx = call.Output(0, {batch, inputs});
  if (!call.ok() || batch * inputs == 0) return;
  const BatchProduct product = {batch, inputs, call.dim(1, 1), call.data(1), options.real != 0};
  product.Backward(call.data(0), {}, dx, nullptr);
}

inline void Rectify(const float* x, Index n, float* y) {
  for (Index i = 0; i < n; i++) y[i] = Rectified(x[i], true);
}

// Number of elements for which starting a thread pays.
constexpr Index kThreadful = 1 << 18;

// y = max(x, 0)
void Relu(Call& call, const Options&) {
  static const auto rectify = Compiled<Rectify>::Best();
  const float* x = call.data(0);
  float* y = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  const Index n = call.count(0);
  InRanges(n, 1024, n / kThreadful, [&](Index from, Index to) { rectify(x + from, to - from, y + from); });
}

// dx = dy where y > 0, otherwise 0
void ReluGrad(Call& call, const Options&) {
  static const auto rectify = Compiled<RectifyErrors>::Best();
  call.Require(call.count(1) == call.count(0), "dy does not fit y.");
  const float *dy = call.data(0), *y = call.data(1);
  float* dx = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  const Index n = call.count(0);
  InRanges(n, 1024, n / kThreadful, [&](Index from, Index to) { rectify(dy + from, y + from, to - from, 1, dx + from); });
}

// y = y * factor where the draw is not below the rate, otherwise y * 0 (NaN stays NaN)
inline void Drop(const float* draws, Index n, float rate, float factor, float* y) {
  for (Index i = 0; i < n; i++) y[i] *= draws[i] >= rate ? factor : 0;
}

// x, weights of N layers, their biases, draws from [0, 1) for the dropout behind each (or nothing), and for each the rate and the
// factor of what is not dropped -> outputs of each layer, except for the last one after ReLU and dropout. `real`: 1 if factors
// may be bfloat16.
void Chain(Call& call, const Options& options) {
  static const auto drop = Compiled<Drop>::Best();
  const int layers = (call.inputs() - 2) / 3, dropout = call.inputs() - 1;
  call.Require(call.count(dropout) == 2 * layers, "Each layer needs the rate and the factor of a dropout.");
  call.Require(call.rank(0) == 2, "x must be a matrix.");
  const Index batch = call.ok() ? call.dim(0, 0) : 0;
  const float* x = call.data(0);
  Index inputs = call.width(0);
  for (int i = 0; i < layers; i++) {
    const int weights = 1 + i, bias = 1 + layers + i;
    call.Require(call.rank(weights) == 2 && call.dim(weights, 0) == inputs, "A layer's weights do not fit its input.");
    call.Require(call.count(bias) == call.width(weights), "A bias does not fit its layer's weights.");
    if (!call.ok()) return;
    const Index outputs = call.dim(weights, 1);
    float* y = call.Output(i, {batch, outputs});
    if (!call.ok()) return;
    const BatchProduct product = {batch, inputs, outputs, call.data(weights), options.real != 0};
    if (batch * outputs > 0) product.Forward(x, inputs, call.data(bias), true, y, i + 1 < layers);
    const int draws = 1 + 2 * layers + i;
    if (call.count(draws) > 0) {
      call.Require(call.count(draws) == batch * outputs, "The draws of a dropout do not fit its layer.");
      if (!call.ok()) return;
      const float* numbers = call.data(dropout) + 2 * i;
      drop(call.data(draws), batch * outputs, numbers[0], numbers[1], y);
    }
    x = y;
    inputs = outputs;
  }
}

// Errors of the last layer, then weights and inputs (after ReLU and dropout) of N layers, without those of the first layer, and
// the factor of the dropout before each -> errors of these inputs before ReLU and dropout, sums of these errors over the batch,
// and the sum of the given errors. Sums are gradients of biases.
void ChainGrad(Call& call, const Options& options) {
  const int layers = (call.inputs() - 2) / 2, factors = call.inputs() - 1;
  call.Require(call.count(factors) == layers, "Each input needs the factor of the dropout before it.");
  call.Require(call.rank(0) == 2, "The errors must be a matrix.");
  const Index batch = call.ok() ? call.dim(0, 0) : 0;
  const float* dy = call.data(0);
  Index outputs = call.width(0);
  float* last = call.Output(2 * layers, {outputs});
  if (!call.ok()) return;
  SumColumns(dy, batch, outputs, outputs, last);
  for (int i = layers - 1; i >= 0; i--) {
    const int weights = 1 + i, values = 1 + layers + i;
    call.Require(call.rank(weights) == 2 && call.dim(weights, 1) == outputs, "The errors do not fit a layer's weights.");
    call.Require(call.rows(values) == batch && call.width(values) == call.rows(weights), "A layer's input does not fit it.");
    if (!call.ok()) return;
    const Index inputs = call.dim(weights, 0);
    float* dx = call.Output(i, {batch, inputs});
    float* sums = call.Output(layers + i, {inputs});
    if (!call.ok()) return;
    const BatchProduct product = {batch, inputs, outputs, call.data(weights), options.real != 0};
    if (batch * inputs > 0) product.Backward(dy, {call.data(values), call.data(factors)[i]}, dx, sums);
    else std::fill_n(sums, inputs, 0.0f);
    dy = dx;
    outputs = inputs;
  }
}

}  // namespace

bool RegisterDense() {
  return Register<Dense>("HistoDense", {"x: float", "weights: float", "base: float"}, {"y: float"}) &&
         Register<DenseGrad>("HistoDenseGrad", {"dy: float", "weights: float"}, {"dx: float"}) &&
         Register<Relu>("HistoRelu", {"x: float"}, {"y: float"}) &&
         Register<ReluGrad>("HistoReluGrad", {"dy: float", "y: float"}, {"dx: float"}) &&
         Register<Chain>("HistoChain",
                         {"x: float", "weights: N * float", "biases: N * float", "draws: N * float", "dropout: float"},
                         {"values: N * float"}) &&
         Register<ChainGrad>("HistoChainGrad", {"dy: float", "weights: N * float", "values: N * float", "factors: float"},
                             {"errors: N * float", "sums: N * float", "last: float"});
}

}  // namespace histo
