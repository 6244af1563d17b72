// Products of a batch with a layer's weights, y = x W and dx = dy W^T, for batches of some dozens: what takes time is reading
// the weights, so they are read once, where they lie. Sums are float32; the result does not depend on the number of threads.
#pragma once
#include <cstdint>

namespace histo {

// With `bf16`, factors are rounded to bfloat16 where bfloat16::Available(); everything is float32 otherwise.
struct BatchProduct {
  std::int64_t batch, inputs, outputs;
  const float* weights;  // [inputs, outputs]
  bool bf16;

  // y[batch, outputs] = x W + base, x with `stride` floats from row to row; base [batch, outputs], or [outputs] for all rows.
  void Forward(const float* x, std::int64_t stride, const float* base, bool baseForAll, float* y) const;

  // dx[batch, inputs] = dy W^T
  void Backward(const float* dy, float* dx) const;
};

}  // namespace histo
