// Products with factors rounded to bfloat16 and float32 sums, by matrix tiles (AMX) or vectors (AVX512-BF16).
#pragma once
#include "batch.h"

namespace histo::bfloat16 {

// Rows of a tile.
constexpr std::int64_t kRows = 16;

// True if the processor has these instructions and HISTO_MAX_CPU_ISA allows them. Otherwise the products must not be called.
bool Available();
// True if the products use matrix tiles.
bool HasTiles();

// The product of batch.h. With baseStride 0, all rows have the same base.
void Forward(const BatchProduct&, const float* x, std::int64_t stride, const float* base, std::int64_t baseStride, float* y,
             bool rectify, std::int64_t threads);
// Packs dy [batch, outputs] for Backward(). The result is valid until this thread's next call of it or of Forward().
std::uint16_t* PackBatch(const float* dy, std::int64_t batch, std::int64_t outputs);
// Writes dx[batch, inputs] for `count` (at most kRows) inputs from input `first`.
void Backward(const BatchProduct&, const std::uint16_t* dy, std::int64_t first, std::int64_t count, float* dx);

// Packs errors [batch, columns] for Gradient(). The result is valid until this thread's next call.
std::uint16_t* PackErrors(const float* errors, std::int64_t batch, std::int64_t columns);
// Writes rows `first` to `first` + `count` (at most 16) of inputs^T x errors to out [count, columns]. inputs [batch, rows].
void Gradient(const float* inputs, std::int64_t rows, std::int64_t first, std::int64_t count, const std::uint16_t* errors,
              std::int64_t batch, std::int64_t columns, float* out);

}  // namespace histo::bfloat16
