#include "batch.h"

#include <algorithm>
#include <cstring>

#include "ahead.h"
#include "bfloat16.h"
#include "pack.h"
#include "parallel.h"
#include "round-up.h"
#include "scratch.h"
#include "strip.h"

namespace histo {
namespace {

using Index = std::int64_t;

// Weights that are multiplied with the batch before the next ones: forward a block of inputs and outputs, backward a number of
// outputs. Forward, the weights of each input are in another memory page, and a processor's page cache holds only some dozens.
constexpr Index kBlockInputs = 64, kBlockOutputs = 48, kOutputs = 128;
// Forward, a block is prefetched while the third one before it is multiplied. Later, cores would wait for it.
constexpr Index kDistance = 3;
constexpr Index kGroups = 8;  // of rows, in a block of the backward product
// Number of multiplications for which starting a thread pays.
constexpr Index kThreadful = 1 << 20;

Index ThreadsFor(const BatchProduct& p) { return p.batch * p.inputs * p.outputs / kThreadful; }

// A block of the weights: those of some inputs for some outputs.
struct Block {
  const float* weights;
  Index firstInput, firstOutput, inputs, outputs;
};

// Copies rows [from, to) of a block, so that they are in few pages, and prefetches those of a later one.
void CopyRows(const Block& block, const Block& later, Index stride, Index from, Index to, float* copy) {
  for (Index k = from; k < std::min(to, block.inputs); k++) {
    float* row = copy + k * kBlockOutputs;
    if (block.outputs == kBlockOutputs) std::memcpy(row, block.weights + k * stride, kBlockOutputs * sizeof(float));  // inline
    else std::memcpy(row, block.weights + k * stride, block.outputs * sizeof(float));
    for (Index i = 0; i < kBlockOutputs; i += Ahead::kLine) __builtin_prefetch(later.weights + k * stride + i, 0, 2);
  }
}

// sums[m][width] = W^T e for `count` outputs m, whose number is rounded up to whole strips. The weights of an input are `stride`
// floats apart. Computes all outputs for some inputs, then for the next inputs, so that the weights are read row by row. Each
// block is copied little by little while the one before it is multiplied.
void MultiplyBlocks(const float* weights, Index inputs, Index stride, Index count, const float* e, Index width, float* sums) {
  const Strip& strip = BatchStrip();
  const Index across = RoundUp(count, kBlockOutputs) / kBlockOutputs, blocks = RoundUp(inputs, kBlockInputs) / kBlockInputs * across;
  const auto blockAt = [&](Index i) -> Block {
    i = std::min(i, blocks - 1);
    const Index input = i / across * kBlockInputs, output = i % across * kBlockOutputs;
    return {weights + input * stride + output, input, output, std::min(kBlockInputs, inputs - input),
            std::min(kBlockOutputs, count - output)};
  };
  alignas(64) float copies[2][kBlockInputs * kBlockOutputs] = {};
  CopyRows(blockAt(0), blockAt(kDistance - 1), stride, 0, kBlockInputs, copies[0]);
  for (Index i = 0; i < blocks; i++) {
    const Block block = blockAt(i), next = blockAt(i + 1), later = blockAt(i + kDistance);
    const Index rows = RoundUp(block.outputs, strip.rows);
    const Index share = (kBlockInputs * strip.rows * strip.columns - 1) / (rows * width) + 1;
    Index copied = 0;
    for (Index b = 0; b < width; b += strip.columns) {
      const float* part = e + b * inputs + block.firstInput * strip.columns;
      for (Index m = 0; m < rows; m += strip.rows, copied += share) {
        CopyRows(next, later, stride, copied, copied + share, copies[(i + 1) % 2]);
        strip.strided(copies[i % 2] + m, 1, kBlockOutputs, part, block.inputs, sums + (block.firstOutput + m) * width + b, width,
                      block.firstInput > 0);
      }
    }
  }
}

}  // namespace

void BatchProduct::Forward(const float* x, Index stride, const float* base, bool baseForAll, float* y, bool rectify) const {
  const Index baseStride = baseForAll ? 0 : outputs;
  if (bf16 && inputs > 0 && bfloat16::Available()) {
    bfloat16::Forward(*this, x, stride, base, baseStride, y, rectify, ThreadsFor(*this));
    return;
  }
  const Index width = RoundUp(batch, BatchStrip().columns);
  float* e = Scratch<struct PackedBatch, float>(width * inputs);
  PackBatch(x, stride, batch, inputs, BatchStrip().columns, e);
  InRanges(outputs, kBlockOutputs, ThreadsFor(*this), [&](Index from, Index to) {
    const Index rows = RoundUp(to - from, BatchStrip().rows);
    float* sums = Scratch<struct BatchSums, float>(rows * width);
    if (inputs == 0) std::fill_n(sums, rows * width, 0.0f);
    else MultiplyBlocks(weights + from, inputs, outputs, to - from, e, width, sums);
    Unpack(sums, width, batch, to - from, base + from, baseStride, rectify, y + from, outputs);
  });
}

void BatchProduct::Backward(const float* dy, const Activations& values, float* dx, float* sums) const {
  const BackwardProduct product(*this, dy);
  InRanges(inputs, product.Block(), ThreadsFor(*this), [&](Index from, Index to) {
    for (Index first = from; first < to; first += product.Block()) {
      product.Inputs(first, std::min(product.Block(), to - first), values, dx, sums);
    }
  });
}

BackwardProduct::BackwardProduct(const BatchProduct& product, const float* dy) : product_(product) {
  const auto& [batch, inputs, outputs, weights, bf16] = product;
  if (bf16 && outputs > 0 && bfloat16::Available()) {
    rounded_ = bfloat16::PackBatch(dy, batch, outputs);
    return;
  }
  float* e = Scratch<struct PackedBatch, float>(RoundUp(batch, BatchStrip().columns) * outputs);
  PackBatch(dy, outputs, batch, outputs, BatchStrip().columns, e);
  packed_ = e;
}

Index BackwardProduct::Block() const { return rounded_ ? bfloat16::kRows : BatchStrip().rows * kGroups; }

void BackwardProduct::Inputs(Index first, Index count, const Activations& given, float* dx, float* sums) const {
  const auto& [batch, inputs, outputs, weights, bf16] = product_;
  if (rounded_) {
    bfloat16::Backward(product_, rounded_, first, count, dx);
  } else {
    const Index width = RoundUp(batch, BatchStrip().columns);
    float* products = Scratch<struct BatchSums, float>(Block() * width);
    if (outputs == 0) std::fill_n(products, Block() * width, 0.0f);
    const Strip& strip = BatchStrip();
    const float *part = weights + first * outputs, *below = first + count < inputs ? part + count * outputs : nullptr;
    const Index whole = count / strip.rows * strip.rows, rows = RoundUp(count, strip.rows);
    float rest[kMaxRows * kOutputs] = {};  // so that nothing is read beyond the end of the weights
    for (Index k = 0; k < outputs; k += kOutputs, part += kOutputs) {
      const Index depth = std::min(kOutputs, outputs - k);
      for (Index m = whole; m < count; m++) std::memcpy(rest + (m - whole) * kOutputs, part + m * outputs, depth * sizeof(float));
      Ahead ahead = {k + kOutputs < outputs ? part + kOutputs : below, outputs, Block(), depth};
      const Index lines = ahead.Lines() * strip.columns * strip.rows / (width * rows) + 1;
      for (Index b = 0; b < width; b += strip.columns) {
        const float* errors = packed_ + b * outputs + k * strip.columns;
        for (Index m = 0; m < rows; m += strip.rows) {
          ahead.Ask(lines);
          const bool last = m == whole;
          strip.strided(last ? rest : part + m * outputs, last ? kOutputs : outputs, 1, errors, depth, products + m * width + b,
                        width, k > 0);
        }
      }
    }
    Unpack(products, width, batch, count, nullptr, 0, false, dx + first, inputs);
  }
  for (Index b = 0; given.values && b < batch; b++) {
    const Index at = b * inputs + first;
    RectifyErrors(dx + at, given.values + at, count, given.scale, dx + at);
  }
  if (sums) SumColumns(dx + first, batch, count, inputs, sums + first);
}

}  // namespace histo
