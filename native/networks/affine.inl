// Dense layers over the last axis of many rows, such as tokens, and their gradients. Each part of the rows passes through a
// layer's products, bias and activation while it is in a core's cache. Float32.

// Of x [rows, inputs] and weights [inputs, outputs].
struct AffineShape {
  Index rows, inputs, outputs;
};

AffineShape AffineShapeOf(Call& call, int x, int weights) {
  call.Require(call.rank(x) > 0 && call.rank(weights) == 2 && call.dim(weights, 0) == call.width(x),
               "The weights do not fit the last axis of x.");
  if (!call.ok()) return {};
  return {call.rows(x), call.width(x), call.dim(weights, 1)};
}

std::vector<Index> WithWidth(std::vector<Index> dims, Index width) {
  dims.back() = width;
  return dims;
}

// Panels of the weights, or of their transpose, in memory of the calling thread.
const float* PackedWeights(const AffineShape& shape, const float* weights, bool transposed) {
  const Index depth = transposed ? shape.outputs : shape.inputs, columns = transposed ? shape.inputs : shape.outputs;
  float* panels = Scratch<struct OfWeights, float>(depth * RoundUp(columns, Best().tileColumns));
  Best().packPanels(depth, columns, weights, transposed ? 1 : shape.outputs, transposed ? shape.outputs : 1, panels);
  return panels;
}

// Calls finish(begin, end) for parts of rows [begin, end) of x W right after they were computed.
template <typename Finish>
void AffineRows(const AffineShape& shape, const float* x, const float* weights, float* product, Finish finish) {
  constexpr Index kPart = 192;  // rows
  const float* panels = PackedWeights(shape, weights, false);
  InShares(shape.rows, kPart, [&](Index, Index begin, Index end) {
    float* memory = Scratch<struct OfRows, float>(Best().tileRows * shape.inputs);
    Best().tallProduct(end - begin, shape.outputs, shape.inputs, x + begin * shape.inputs, panels,
                       product + begin * shape.outputs, memory);
    finish(begin, end);
  });
}

// x [..., k], weights [k, n], bias [n] -> x W + b
void Affine(Call& call, const Options&) {
  const AffineShape shape = AffineShapeOf(call, 0, 1);
  call.Require(call.count(2) == shape.outputs, "The bias must be as long as the outputs.");
  if (!call.ok()) return;
  float* y = call.Output(0, WithWidth(call.shape(0), shape.outputs));
  if (!call.ok()) return;
  AffineRows(shape, call.data(0), call.data(1), y, [&](Index begin, Index end) {
    Best().addBias(end - begin, shape.outputs, y + begin * shape.outputs, call.data(2));
  });
}

// x [..., k], weights [k, n], bias [n] -> x W, GELU of x W + b
void AffineGelu(Call& call, const Options&) {
  const AffineShape shape = AffineShapeOf(call, 0, 1);
  call.Require(call.count(2) == shape.outputs, "The bias must be as long as the outputs.");
  if (!call.ok()) return;
  const std::vector<Index> dims = WithWidth(call.shape(0), shape.outputs);
  float *product = call.Output(0, dims), *y = call.Output(1, dims);
  if (!call.ok()) return;
  AffineRows(shape, call.data(0), call.data(1), product, [&](Index begin, Index end) {
    const Index at = begin * shape.outputs;
    Best().geluForward(end - begin, shape.outputs, product + at, call.data(2), y + at);
  });
}

// Gradients of x, weights and bias from dy. errorsOf(begin, n, memory, sums) returns the errors of x W for n rows, and adds
// their columns to the sums.
template <typename Errors>
void AffineGradients(Call& call, const AffineShape& shape, Errors errorsOf) {
  const auto [rows, inputs, outputs] = shape;
  float* dx = call.Output(0, call.shape(1));
  float *toWeights = call.Output(1, {inputs, outputs}), *toBias = call.Output(2, {outputs});
  if (!call.ok()) return;
  // Sums over rows are computed in parts whose number does not depend on the threads.
  constexpr Index kBlock = 96, kMostParts = 16;
  const Index part = std::max<Index>(1, RoundUp((rows + kMostParts - 1) / kMostParts, kBlock));
  const Index height = RoundUp(inputs, Best().tileRows), width = RoundUp(outputs, Best().tileColumns);
  const Index shares = RoundUp(rows, part) / part, size = height * width + outputs;
  float* sums = Scratch<struct OfSums, float>(shares * size);
  const float *panels = PackedWeights(shape, call.data(2), true), *x = call.data(1);
  InShares(rows, part, [&](Index share, Index begin, Index end) {
    float *own = sums + share * size, *columns = own + height * width;
    std::fill_n(columns, outputs, 0.0f);
    float* errorMemory = Scratch<struct OfErrors, float>(kBlock * outputs);
    float* memory = Scratch<struct OfRows, float>(std::max(kBlock * (height + width), Best().tileRows * outputs));
    for (Index i = begin; i < end; i += kBlock) {
      const Index n = std::min(kBlock, end - i);
      const float* errors = errorsOf(i, n, errorMemory, columns);
      Best().tallProduct(n, inputs, outputs, errors, panels, dx + i * inputs, memory);
      Best().crossProduct(n, inputs, outputs, x + i * inputs, errors, own, i > begin, memory);
    }
  });
  InShares(inputs, 16, [&](Index, Index begin, Index end) {
    for (Index i = begin; i < end; i++) AddShares(sums + i * width, shares, size, outputs, toWeights + i * outputs);
  });
  AddShares(sums + height * width, shares, size, outputs, toBias);
}

// dy [..., n], x [..., k], weights [k, n] -> gradients of x, weights and bias
void AffineGrad(Call& call, const Options&) {
  const AffineShape shape = AffineShapeOf(call, 1, 2);
  call.Require(call.count(0) == shape.rows * shape.outputs, "dy does not fit x and the weights.");
  if (!call.ok()) return;
  AffineGradients(call, shape, [&](Index begin, Index n, float*, float* sums) {
    const float* errors = call.data(0) + begin * shape.outputs;
    Best().columnSums(n, shape.outputs, errors, sums);
    return errors;
  });
}

// dy [..., n], x [..., k], weights [k, n], x W, bias [n] -> gradients of x, weights and bias
void AffineGeluGrad(Call& call, const Options&) {
  const AffineShape shape = AffineShapeOf(call, 1, 2);
  const Index count = shape.rows * shape.outputs;
  call.Require(call.count(0) == count && call.count(3) == count && call.count(4) == shape.outputs,
               "dy, product and bias do not fit x and the weights.");
  if (!call.ok()) return;
  AffineGradients(call, shape, [&](Index begin, Index n, float* errors, float* sums) {
    const Index at = begin * shape.outputs;
    Best().geluBackward(n, shape.outputs, call.data(0) + at, call.data(3) + at, call.data(4), errors, sums);
    return static_cast<const float*>(errors);
  });
}
