// The products of batch.h in matrix tiles (AMX). Only where Product::HasTiles().
#pragma once
#include "batch.h"

namespace histo::tiles {

void Forward(const BatchProduct&, const float* x, std::int64_t stride, const float* base, std::int64_t baseStride, float* y,
             std::int64_t threads);
void Backward(const BatchProduct&, const float* dy, float* dx, std::int64_t threads);

}  // namespace histo::tiles
