// TensorFlow operations of a Dense layer: HistoDense and HistoDenseGrad, see batch.h; HistoRelu and HistoReluGrad, which take
// longer in TensorFlow to be handed to threads than to be computed. CPU, float32.
#include "dense.h"

#include "batch.h"
#include "networks/operation.h"
#include "parallel.h"
#include "processor.h"

namespace histo {
namespace {

// y = x W + base. `whole`: the first column of x that belongs to the weights; `real`: 1 where factors may be bfloat16.
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
  product.Forward(call.data(0) + options.whole, width, call.data(2), forAll, y);
}

// dx = dy W^T. `real`: 1 where factors may be bfloat16.
void DenseGrad(Call& call, const Options& options) {
  call.Require(call.rank(0) == 2 && call.rank(1) == 2 && call.dim(0, 1) == call.dim(1, 1), "dy does not fit the weights.");
  if (!call.ok()) return;
  const Index batch = call.dim(0, 0), inputs = call.dim(1, 0);
  float* dx = call.Output(0, {batch, inputs});
  if (!call.ok() || batch * inputs == 0) return;
  const BatchProduct product = {batch, inputs, call.dim(1, 1), call.data(1), options.real != 0};
  product.Backward(call.data(0), dx);
}

inline void Rectify(const float* __restrict x, Index n, float* __restrict y) {
  for (Index i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];  // NaN stays NaN
}

inline void RectifyErrors(const float* __restrict dy, const float* __restrict y, Index n, float* __restrict dx) {
  for (Index i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

// Fewer elements than this are not worth a thread.
constexpr Index kThreadful = 1 << 18;

// y = max(x, 0)
void Relu(Call& call, const Options&) {
  static const auto rectify = Compiled<Rectify>::Best();
  const Index n = call.count(0);
  float* y = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  InRanges(n, 1024, n / kThreadful, [&](Index from, Index to) { rectify(call.data(0) + from, to - from, y + from); });
}

// dx = dy where y > 0
void ReluGrad(Call& call, const Options&) {
  static const auto rectify = Compiled<RectifyErrors>::Best();
  const Index n = call.count(0);
  call.Require(call.count(1) == n, "dy does not fit y.");
  float* dx = call.Output(0, call.shape(0));
  if (!call.ok()) return;
  InRanges(n, 1024, n / kThreadful, [&](Index from, Index to) {
    rectify(call.data(0) + from, call.data(1) + from, to - from, dx + from);
  });
}

}  // namespace

bool RegisterDense() {
  return Register<Dense>("HistoDense", {"x: float", "weights: float", "base: float"}, {"y: float"}) &&
         Register<DenseGrad>("HistoDenseGrad", {"dy: float", "weights: float"}, {"dx: float"}) &&
         Register<Relu>("HistoRelu", {"x: float"}, {"y: float"}) &&
         Register<ReluGrad>("HistoReluGrad", {"dy: float", "y: float"}, {"dx: float"});
}

}  // namespace histo
