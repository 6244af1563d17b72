// Products whose factors are rounded to bfloat16, in matrix tiles (AMX) or vectors (AVX512-BF16); sums are float32.
#pragma once
#include "batch.h"

namespace histo::bfloat16 {

// True where the processor has such instructions and HISTO_MAX_CPU_ISA allows them. Products may be called only there.
bool Available();
// True where they use matrix tiles.
bool HasTiles();

// The products of batch.h; base may be the same row for all (baseStride 0).
void Forward(const BatchProduct&, const float* x, std::int64_t stride, const float* base, std::int64_t baseStride, float* y,
             std::int64_t threads);
void Backward(const BatchProduct&, const float* dy, float* dx, std::int64_t threads);

// Errors [batch, columns] as Gradient() reads them; good until the next call of this thread.
std::uint16_t* PackErrors(const float* errors, std::int64_t batch, std::int64_t columns);
// Rows `first` to `first` + `count` (at most 16) of inputs^T x errors to out [count, columns]; inputs [batch, rows].
void Gradient(const float* inputs, std::int64_t rows, std::int64_t first, std::int64_t count, const std::uint16_t* errors,
              std::int64_t batch, std::int64_t columns, float* out);

}  // namespace histo::bfloat16
