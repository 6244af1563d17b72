#include "batch.h"

#include <algorithm>
#include <cstring>

#include "ahead.h"
#include "bfloat16.h"
#include "parallel.h"
#include "round-up.h"
#include "scratch.h"
#include "strip.h"

namespace histo {
namespace {

using Index = std::int64_t;

// Number of inputs (backward: outputs) whose weights are multiplied with the batch before the next ones are read. Forward, the
// weights of each input are in another memory page, and a processor's page cache holds only some dozens of pages.
constexpr Index kInputs = 64, kOutputs = 128, kDepth = std::max(kInputs, kOutputs);
constexpr Index kGroups = 8;  // of rows, in a block
// Number of multiplications for which starting a thread pays.
constexpr Index kThreadful = 1 << 20;

Index ThreadsFor(const BatchProduct& p) { return p.batch * p.inputs * p.outputs / kThreadful; }

// Packs rows [batch, depth], which are `stride` floats apart, into strips [strips][depth][columns], padded with zeros.
void PackBatch(const float* rows, Index stride, Index batch, Index depth, Index columns, float* out) {
  InRanges(depth, 16, batch * depth / (1 << 15), [&](Index from, Index to) {
    for (Index b = 0; b < RoundUp(batch, columns); b += columns) {
      float* strip = out + b * depth;
      for (Index k = from; k < to; k += 16) {
        const Index last = std::min(k + 16, to);
        for (Index i = 0; i < columns; i++) {
          for (Index j = k; j < last; j++) strip[j * columns + i] = b + i < batch ? rows[(b + i) * stride + j] : 0;
        }
      }
    }
  });
}

// Transposes sums [count, width] into out [batch, count], whose rows are `stride` floats apart, and adds a base.
void Unpack(const float* sums, Index width, Index batch, Index count, const float* base, Index baseStride, bool rectify,
            float* out, Index stride) {
  for (Index c = 0; c < count; c += 16) {
    const Index last = std::min(c + 16, count);
    for (Index b = 0; b < batch; b++) {
      const float* more = base ? base + b * baseStride : nullptr;
      for (Index i = c; i < last; i++) out[b * stride + i] = Rectified(sums[i * width + b] + (more ? more[i] : 0), rectify);
    }
  }
}

// The product of both directions: sums[m][batch] += a(m, k) * e[k][batch] for m in [0, count), k in [0, depth), where
// a(m, k) = a[m * rowStep + k * step]. The strips of e have the whole depth `all`, and k starts at `first`. The weights of a
// block of rows stay in the cache for the whole batch, while the next block (finally `after`) is prefetched.
void AddUp(const float* a, Index rowStep, Index step, Index count, const float* e, Index all, Index first, Index depth,
           Index width, float* sums, const float* after) {
  const Strip& strip = BatchStrip();
  const Index block = kGroups * strip.rows, whole = count / strip.rows * strip.rows;
  alignas(64) float near[kGroups * kMaxRows * kDepth];
  for (Index top = 0; top < whole; top += block) {
    const Index end = std::min(top + block, whole);
    const float* from = a + top * rowStep;
    Index apart = step;
    if (step != 1) {  // columns are in many pages, and their copies in few
      for (Index k = 0; k < depth; k++) {
        const float* row = from + k * step;
        std::memcpy(near + k * block, row, (end - top) * sizeof(float));
      }
      from = near;
      apart = block;
    }
    const float* next = end < whole ? a + end * rowStep : after;
    Ahead ahead = step == 1 ? Ahead{next, rowStep, block, depth} : Ahead{next, step, depth, block};
    const Index lines = ahead.Lines() / (width / strip.columns * ((end - top) / strip.rows)) + 1;
    for (Index b = 0; b < width; b += strip.columns) {
      const float* part = e + b * all + first * strip.columns;
      for (Index m = top; m < end; m += strip.rows) {
        ahead.Ask(lines);
        strip.strided(from + (m - top) * rowStep, rowStep, apart, part, depth, sums + m * width + b, width, first > 0);
      }
    }
  }
  if (whole == count) return;
  float rest[kMaxRows * kDepth], last[kMaxRows * kMaxColumns];  // avoids reading beyond the end of the weights
  for (Index k = 0; k < depth; k++) {
    for (Index r = 0; r < strip.rows; r++) {
      rest[k * strip.rows + r] = whole + r < count ? a[(whole + r) * rowStep + k * step] : 0;
    }
  }
  for (Index b = 0; b < width; b += strip.columns) {
    strip.packed(rest, e + b * all + first * strip.columns, depth, last, strip.columns);
    for (Index r = 0; r < count - whole; r++) {
      float* to = sums + (whole + r) * width + b;
      for (Index c = 0; c < strip.columns; c++) to[c] = last[r * strip.columns + c] + (first > 0 ? to[c] : 0);
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
  InRanges(outputs, BatchStrip().rows * 8, ThreadsFor(*this), [&](Index from, Index to) {
    float* sums = Scratch<struct BatchSums, float>((to - from) * width);
    if (inputs == 0) std::fill_n(sums, (to - from) * width, 0.0f);
    // Computes all outputs for some inputs, then for the next inputs, so that the weights are read row by row.
    for (Index k = 0; k < inputs; k += kInputs) {
      const float* part = weights + k * outputs + from;
      const float* after = k + kInputs < inputs ? part + kInputs * outputs : nullptr;
      AddUp(part, 1, outputs, to - from, e, inputs, k, std::min(kInputs, inputs - k), width, sums, after);
    }
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
    const float* part = weights + first * outputs;
    const float* below = first + count < inputs ? part + count * outputs : nullptr;
    for (Index k = 0; k < outputs; k += kOutputs) {
      const float* after = k + kOutputs < outputs ? part + k + kOutputs : below;
      AddUp(part + k, outputs, 1, count, packed_, outputs, k, std::min(kOutputs, outputs - k), width, products, after);
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
