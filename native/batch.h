// Products of a batch with a layer's weights, y = x W and dx = dy W^T, for batches of some dozens. Reading the weights takes
// most of the time, so they are read only once and not copied. Sums are float32. The number of threads does not change results.
#pragma once
#include <algorithm>
#include <cstdint>

namespace histo {

// The inputs of a layer [batch, inputs], after ReLU and dropout, or null. `scale`: 1 / (1 - rate of the dropout), otherwise 1.
struct Activations {
  const float* values = nullptr;
  float scale = 1;
};

// With `bf16`, factors are rounded to bfloat16 if bfloat16::Available(). Otherwise everything is float32.
struct BatchProduct {
  std::int64_t batch, inputs, outputs;
  const float* weights;  // [inputs, outputs]
  bool bf16;

  // y[batch, outputs] = x W + base, or max(that, 0) with `rectify`. The rows of x are `stride` floats apart.
  // base [batch, outputs], or [outputs] for all rows.
  void Forward(const float* x, std::int64_t stride, const float* base, bool baseForAll, float* y, bool rectify) const;

  // dx[batch, inputs] = dy W^T. With `values`: of it, times their factor, but 0 where they are not above 0. Also the sums[inputs]
  // of dx over the batch, unless null.
  void Backward(const float* dy, const Activations& values, float* dx, float* sums) const;
};

// The product of Backward() for some inputs at a time, so that their weights are still in the cache for an update.
class BackwardProduct {
 public:
  BackwardProduct(const BatchProduct& product, const float* dy);

  // Inputs that are computed together; a multiple of 16.
  std::int64_t Block() const;
  // Computes dx and sums for `count` (at most Block()) inputs from input `first`. The pointers are to those of input 0.
  void Inputs(std::int64_t first, std::int64_t count, const Activations& values, float* dx, float* sums) const;

 private:
  const BatchProduct& product_;
  // Packed errors, one of the two. They are in temporary memory of the thread that created this object.
  const float* packed_ = nullptr;
  const std::uint16_t* rounded_ = nullptr;
};

// Results are finished by the thread that computed them, because another processor core would wait for them.
inline float Rectified(float value, bool rectify) { return rectify && value < 0 ? 0 : value; }  // NaN stays NaN

// dx = dy * scale where y > 0, otherwise 0. Can work in place.
inline void RectifyErrors(const float* dy, const float* y, std::int64_t n, float scale, float* dx) {
  for (std::int64_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] * scale : 0;
}

// Sums of the columns of x [rows, columns], whose rows are `stride` floats apart.
inline void SumColumns(const float* x, std::int64_t rows, std::int64_t columns, std::int64_t stride, float* sums) {
  std::fill_n(sums, columns, 0.0f);
  for (std::int64_t r = 0; r < rows; r++) {
    for (std::int64_t c = 0; c < columns; c++) sums[c] += x[r * stride + c];
  }
}

}  // namespace histo
