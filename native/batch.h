// Products of a batch with a layer's weights, y = x W and dx = dy W^T, for batches of some dozens. Reading the weights takes
// most of the time, so they are read only once and not copied. Sums are float32. The number of threads does not change results.
#pragma once
#include <algorithm>
#include <cstdint>

namespace histo {

// With `bf16`, factors are rounded to bfloat16 if bfloat16::Available(). Otherwise everything is float32.
struct BatchProduct {
  std::int64_t batch, inputs, outputs;
  const float* weights;  // [inputs, outputs]
  bool bf16;

  // y[batch, outputs] = x W + base, or max(that, 0) with `rectify`. The rows of x are `stride` floats apart.
  // base [batch, outputs], or [outputs] for all rows.
  void Forward(const float* x, std::int64_t stride, const float* base, bool baseForAll, float* y, bool rectify) const;

  // dx[batch, inputs] = dy W^T, but 0 where values [batch, inputs] are not above 0, and sums[inputs] of it over the batch.
  // `values` and `sums` may be null.
  void Backward(const float* dy, const float* values, float* dx, float* sums) const;
};

// The results are finished by the thread that computed them, because another processor core would wait for them.
inline float Rectified(float value, bool rectify) { return rectify && value < 0 ? 0 : value; }  // NaN stays NaN

// Finishes dx for `count` inputs of Backward(): the pointers are to the first of them, rows are `inputs` floats apart.
inline void FinishErrors(std::int64_t batch, std::int64_t inputs, std::int64_t count, const float* values, float* dx,
                         float* sums) {
  if (sums) std::fill_n(sums, count, 0.0f);
  for (std::int64_t b = 0; b < batch; b++, dx += inputs) {
    if (values) {
      for (std::int64_t i = 0; i < count; i++) dx[i] = values[b * inputs + i] > 0 ? dx[i] : 0;
    }
    if (sums) {
      for (std::int64_t i = 0; i < count; i++) sums[i] += dx[i];
    }
  }
}

}  // namespace histo
