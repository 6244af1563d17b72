// Products of a batch with a layer's weights, y = x W and dx = dy W^T, for batches of some dozens. Reading the weights takes
// most of the time, so they are read only once and not copied. Sums are float32. The number of threads does not change results.
#pragma once
#include <cstdint>

namespace histo {

// With `bf16`, factors are rounded to bfloat16 if bfloat16::Available(). Otherwise everything is float32.
struct BatchProduct {
  std::int64_t batch, inputs, outputs;
  const float* weights;  // [inputs, outputs]
  bool bf16;

  // y[batch, outputs] = x W + base. The rows of x are `stride` floats apart. base [batch, outputs], or [outputs] for all rows.
  void Forward(const float* x, std::int64_t stride, const float* base, bool baseForAll, float* y) const;

  // dx[batch, inputs] = dy W^T
  void Backward(const float* dy, float* dx) const;
};

}  // namespace histo
