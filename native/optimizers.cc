// TensorFlow operations that update weights in one pass over memory: HistoAdam, HistoMomentum, HistoDescent, HistoRmsProp.
// TensorFlow's own kernels read weights and slots once per slot (40 bytes per parameter for Adam, 28 here), and need separate
// operations for weight decay, penalties, clipping and the moving average. With 360 M parameters, passes over memory take most
// of the time of a step.
//
// The operations change their inputs in place: the inputs are reads of resource variables, which share the variables' memory.
// Each element is computed separately, so the number of threads does not change results. CPU, float32.
//
// The gradient may be given as two factors. Then a few rows of their product are computed at a time and used while they are in
// the cache, so the gradient of a Dense layer is never written to memory.
//
// HistoAdamChain and so on do the backward pass, too, of Dense layers with ReLU between them: the errors of a layer's inputs
// are computed from the same rows of its weights just before these are updated, so the weights are read once for both.
#include <node_api.h>
#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>
#include <tensorflow/c/tf_status.h>
#include <tensorflow/c/tf_tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "batch.h"
#include "bfloat16.h"
#include "dense.h"
#include "parallel.h"
#include "processor.h"
#include "product.h"
#include "scratch.h"

namespace {

// The settings that all rules share: the first numbers of the input `options`, see optimizers/fused.ts.
struct Regularization {
  float decay;    // learning rate * weight decay
  float l1, l2;   // penalties, as parts of the gradient
  float limit;    // largest absolute value of a gradient's element, or infinity
  float average;  // share of the difference by which the moving average changes
  bool changes;   // whether penalties or the limit change gradients
};
constexpr int kCommon = 5;
constexpr int kOwn = 4;  // the rule's own numbers follow, and then whether products are in bf16

struct Values {
  float* weights;
  float* first;
  float* second;
  float* average;
  const float* gradient;
};

inline float Regularized(float gradient, float weight, const Regularization& r) {
  if (!r.changes) return gradient;
  const float sign = weight > 0 ? 1.0f : weight < 0 ? -1.0f : 0.0f;
  const float value = gradient + 2 * r.l2 * weight + r.l1 * sign;
  return value < -r.limit ? -r.limit : value > r.limit ? r.limit : value;  // NaN stays NaN
}

// rule: step size (bias-corrected), 1 - beta1, 1 - beta2, epsilon.
inline void Adam(const Values& v, std::int64_t n, const Regularization& r, const float* rule) {
  float* __restrict weights = v.weights;
  float* __restrict first = v.first;
  float* __restrict second = v.second;
  const float* __restrict gradients = v.gradient;
  const Regularization own = r;
  const float rate = rule[0], toFirst = rule[1], toSecond = rule[2], epsilon = rule[3];
  for (std::int64_t i = 0; i < n; i++) {
    const float gradient = Regularized(gradients[i], weights[i], own);
    const float m = first[i] + (gradient - first[i]) * toFirst;
    const float s = second[i] + (gradient * gradient - second[i]) * toSecond;
    first[i] = m;
    second[i] = s;
    weights[i] = weights[i] - weights[i] * own.decay - m * rate / (std::sqrt(s) + epsilon);
  }
}

// rule: learning rate, momentum, share of the gradient in the step, momentum in the step (for Nesterov's variant).
inline void Momentum(const Values& v, std::int64_t n, const Regularization& r, const float* rule) {
  float* __restrict weights = v.weights;
  float* __restrict accumulators = v.first;
  const float* __restrict gradients = v.gradient;
  const Regularization own = r;
  const float rate = rule[0], momentum = rule[1], ofGradient = rule[2], ofAccumulator = rule[3];
  for (std::int64_t i = 0; i < n; i++) {
    const float gradient = Regularized(gradients[i], weights[i], own);
    const float accumulator = accumulators[i] * momentum + gradient;
    accumulators[i] = accumulator;
    const float step = gradient * ofGradient + accumulator * ofAccumulator;
    weights[i] = weights[i] - weights[i] * own.decay - step * rate;
  }
}

// rule: learning rate.
inline void Descent(const Values& v, std::int64_t n, const Regularization& r, const float* rule) {
  float* __restrict weights = v.weights;
  const float* __restrict gradients = v.gradient;
  const Regularization own = r;
  const float rate = rule[0];
  for (std::int64_t i = 0; i < n; i++) {
    const float gradient = Regularized(gradients[i], weights[i], own);
    weights[i] = weights[i] - weights[i] * own.decay - gradient * rate;
  }
}

// rule: learning rate, 1 - rho, momentum, epsilon.
inline void RmsProp(const Values& v, std::int64_t n, const Regularization& r, const float* rule) {
  float* __restrict weights = v.weights;
  float* __restrict squares = v.first;
  float* __restrict accumulators = v.second;
  const float* __restrict gradients = v.gradient;
  const Regularization own = r;
  const float rate = rule[0], toSquare = rule[1], momentum = rule[2], epsilon = rule[3];
  for (std::int64_t i = 0; i < n; i++) {
    const float gradient = Regularized(gradients[i], weights[i], own);
    const float square = squares[i] + (gradient * gradient - squares[i]) * toSquare;
    const float accumulator = accumulators[i] * momentum + gradient * rate / std::sqrt(square + epsilon);
    squares[i] = square;
    accumulators[i] = accumulator;
    weights[i] = weights[i] - weights[i] * own.decay - accumulator;
  }
}

inline void Follow(float* __restrict average, const float* __restrict weights, std::int64_t n, float share) {
  for (std::int64_t i = 0; i < n; i++) average[i] -= (average[i] - weights[i]) * share;
}

using Rule = void (*)(const Values&, std::int64_t, const Regularization&, const float*);

inline Values From(const Values& v, std::int64_t i) {
  const auto at = [i](float* values) { return values ? values + i : nullptr; };
  return {at(v.weights), at(v.first), at(v.second), nullptr, v.gradient + i};
}

// Calls a rule block by block and prefetches later blocks, because a processor's own prefetching stops at the end of each page.
// Without this, an update would wait for memory half of its time.
template <Rule rule>
inline void InBlocks(const Values& v, std::int64_t n, const Regularization& r, const float* options) {
  constexpr std::int64_t kBlock = 64, kLine = 16, kDistance = 1024;
  for (std::int64_t i = 0; i < n; i += kBlock) {
    for (std::int64_t k = i + kDistance; k < i + kDistance + kBlock; k += kLine) {
      for (float* values : {v.weights, v.first, v.second}) {
        if (values) __builtin_prefetch(values + k, 1);
      }
    }
    if (n - i >= kBlock) rule(From(v, i), kBlock, r, options);
    else rule(From(v, i), n - i, r, options);
  }
}

// Small enough that the new weights are still in the cache for the moving average.
constexpr std::int64_t kShare = 4096;
// Number of elements for which starting a thread pays.
constexpr std::int64_t kThreadful = 1 << 18;

void Range(Rule rule, const Values& v, std::int64_t from, std::int64_t to, const float* options) {
  static const auto follow = histo::Compiled<Follow>::Best();
  const bool changes = options[1] != 0 || options[2] != 0 || options[3] < INFINITY;
  const Regularization common = {options[0], options[1], options[2], options[3], options[4], changes};
  for (std::int64_t i = from; i < to; i += kShare) {
    const std::int64_t n = std::min(kShare, to - i);
    rule(From(v, i), n, common, options + kCommon);
    if (v.average) follow(v.average + i, v.weights + i, n, common.average);
  }
}

// A gradient, or the two factors of it.
struct Gradient {
  const float* values;  // [rows, columns], or inputs [batch, rows] if there are errors
  const float* errors;  // [batch, columns], or null
  std::int64_t batch, rows, columns;
};

// The errors of a layer's inputs, which are computed from its weights before these change.
struct Errors {
  const histo::BackwardProduct& product;
  histo::Activations values;  // the layer's inputs [batch, rows]
  float* dx;                  // [batch, rows]
  float* sums;                // [rows]
};

void Update(Rule rule, const Values& v, const Gradient& gradient, const float* options, bool bf16,
            const Errors* before = nullptr) {
  const std::int64_t n = gradient.rows * gradient.columns;
  if (!gradient.errors) {
    Values all = v;
    all.gradient = gradient.values;
    histo::InRanges(n, kShare, n / kThreadful, [&](std::int64_t from, std::int64_t to) { Range(rule, all, from, to, options); });
    return;
  }
  const Product product(gradient.values, gradient.errors, gradient.batch, gradient.rows, gradient.columns, bf16);
  const std::int64_t block = before ? before->product.Block() : Product::kTile;
  histo::InRanges(gradient.rows, block, n / kThreadful, [&](std::int64_t from, std::int64_t to) {
    float* tile = histo::Scratch<struct GradientRows, float>(Product::kTile * gradient.columns);
    for (std::int64_t row = from; row < to; row += Product::kTile) {
      if (before && (row - from) % block == 0) {
        before->product.Inputs(row, std::min(block, to - row), before->values, before->dx, before->sums);
      }
      const std::int64_t rows = std::min(Product::kTile, to - row);
      product.Rows(row, rows, tile);
      const std::int64_t offset = row * gradient.columns;
      const Values some = {v.weights + offset, v.first ? v.first + offset : nullptr,
                           v.second ? v.second + offset : nullptr, v.average ? v.average + offset : nullptr, tile};
      Range(rule, some, 0, rows * gradient.columns, options);
    }
  });
}

// The inputs of a call, in the order of the operation's definition: one of each for every variable, and then the options.
enum Input { kWeights, kFirst, kSecond, kAverage, kGradient, kErrors, kInputs };

constexpr int kWidth = kCommon + kOwn + 1;
bool InBf16(const float* options) { return options[kCommon + kOwn] != 0; }

// One variable and its inputs.
struct Variable {
  TF_Tensor* inputs[kInputs];

  std::int64_t count(Input input) const { return TF_TensorElementCount(inputs[input]); }
  int rank(Input input) const { return TF_NumDims(inputs[input]); }
  std::int64_t dim(Input input, int axis) const { return TF_Dim(inputs[input], axis); }
  float* data(Input input) const { return count(input) ? static_cast<float*>(TF_TensorData(inputs[input])) : nullptr; }

  // Whether there are values for the slots (kFirst, kSecond) that the rule uses. The others are empty tensors.
  bool HasSlots(int slots) const {
    const auto fits = [&](Input input, bool needed) {
      return count(input) == count(kWeights) || (!needed && count(input) == 0);
    };
    return fits(kFirst, slots > 0) && fits(kSecond, slots > 1) && fits(kAverage, false);
  }
  Values values() const { return {data(kWeights), data(kFirst), data(kSecond), data(kAverage), nullptr}; }
};

// Updates one variable.
bool ComputeOn(const Variable& v, const float* options, Rule rule, int slots) {
  const std::int64_t n = v.count(kWeights);
  if (!v.HasSlots(slots)) return false;
  Gradient gradient = {v.data(kGradient), v.data(kErrors), 0, n, 1};
  if (gradient.errors) {
    if (v.rank(kGradient) != 2 || v.rank(kErrors) != 2) return false;
    gradient.batch = v.dim(kGradient, 0);
    gradient.rows = v.dim(kGradient, 1);
    gradient.columns = v.dim(kErrors, 1);
    if (v.dim(kErrors, 0) != gradient.batch || gradient.rows * gradient.columns != n) return false;
  } else if (v.count(kGradient) != n) {
    return false;
  }
  if (n > 0) Update(rule, v.values(), gradient, options, InBf16(options));
  return true;
}

// Updates the variables one after the other. The first row of options is for variables of rank 1 or 0, the second for others.
bool ComputeAll(const std::vector<Variable>& variables, const float* options, Rule rule, int slots) {
  return std::all_of(variables.begin(), variables.end(), [&](const Variable& v) {
    return ComputeOn(v, v.rank(kWeights) > 1 ? options + kWidth : options, rule, slots);
  });
}

// Updates Dense layers, the last one first: their kernels, then their biases. The gradient of a kernel is the input of its
// layer [batch, rows]. In place of the errors of its output [batch, columns], which only the last kernel has and the others
// follow from, a kernel has one number: the factor of what the dropout behind its layer does not drop.
bool ComputeChain(const std::vector<Variable>& variables, const float* options, Rule rule, int slots) {
  const std::size_t layers = variables.size() / 2;
  if (variables.size() != 2 * layers) return false;
  const Variable& last = variables[layers - 1];
  if (last.rank(kErrors) != 2) return false;
  const std::int64_t batch = last.dim(kErrors, 0);
  std::int64_t columns = last.dim(kErrors, 1), widest = columns;
  for (std::size_t i = layers; i-- > 0;) {
    const Variable &kernel = variables[i], &bias = variables[layers + i];
    if (kernel.rank(kWeights) != 2 || kernel.dim(kWeights, 1) != columns || bias.count(kWeights) != columns) return false;
    if (!kernel.HasSlots(slots) || !bias.HasSlots(slots)) return false;
    columns = kernel.dim(kWeights, 0);
    widest = std::max(widest, columns);
    if (kernel.rank(kGradient) != 2 || kernel.dim(kGradient, 0) != batch || kernel.dim(kGradient, 1) != columns) return false;
    if (batch * columns * kernel.dim(kWeights, 1) == 0) return false;
    if (i + 1 < layers && kernel.count(kErrors) != 1) return false;
  }
  const float* errors = last.data(kErrors);
  columns = last.dim(kErrors, 1);
  float* sums = histo::Scratch<struct ErrorSums, float>(widest);
  float* results[] = {histo::Scratch<struct EvenErrors, float>(batch * widest), histo::Scratch<struct OddErrors, float>(batch * widest)};
  histo::SumColumns(errors, batch, columns, columns, sums);
  const bool bf16 = InBf16(options + kWidth);
  for (std::size_t i = layers; i-- > 0;) {
    const Variable &kernel = variables[i], &bias = variables[layers + i];
    Update(rule, bias.values(), {sums, nullptr, 0, columns, 1}, options, false);
    const std::int64_t rows = kernel.dim(kWeights, 0);
    const float* inputs = kernel.data(kGradient);
    const histo::BatchProduct layer = {batch, rows, columns, kernel.data(kWeights), bf16};
    const histo::BackwardProduct backward(layer, errors);
    const float factor = i > 0 ? *variables[i - 1].data(kErrors) : 1;
    const Errors before = {backward, {inputs, factor}, results[i % 2], sums};
    Update(rule, kernel.values(), {inputs, errors, batch, rows, columns}, options + kWidth, bf16, i > 0 ? &before : nullptr);
    errors = results[i % 2];
    columns = rows;
  }
  return true;
}

using ComputeVariables = bool (*)(const std::vector<Variable>&, const float*, Rule, int);

void Compute(ComputeVariables compute, Rule rule, int slots, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  std::vector<TF_Tensor*> inputs(TF_NumInputs(context), nullptr);
  for (std::size_t i = 0; i < inputs.size() && TF_GetCode(status) == TF_OK; i++) TF_GetInput(context, i, &inputs[i], status);
  if (TF_GetCode(status) == TF_OK) {
    const TF_Tensor* options = inputs.back();
    std::vector<Variable> variables(inputs.size() / kInputs);
    for (std::size_t i = 0; i < variables.size(); i++) {
      for (int k = 0; k < kInputs; k++) variables[i].inputs[k] = inputs[k * variables.size() + i];
    }
    if (TF_TensorElementCount(options) != 2 * kWidth ||
        !compute(variables, static_cast<const float*>(TF_TensorData(options)), rule, slots)) {
      TF_SetStatus(status, TF_INVALID_ARGUMENT, "The gradient does not fit the weights and slots.");
    }
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  for (TF_Tensor* input : inputs) {
    if (input) TF_DeleteTensor(input);
  }
  TF_DeleteStatus(status);
}

template <Rule rule, int slots, ComputeVariables compute>
void ComputeRule(void*, TF_OpKernelContext* context) {
  static const Rule best = histo::Compiled<InBlocks<rule>>::Best();
  Compute(compute, best, slots, context);
}

bool RegisterOne(const std::string& name, void (*compute)(void*, TF_OpKernelContext*)) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name.c_str());
  for (const char* input : {"weights: N * float", "first: N * float", "second: N * float", "average: N * float",
                            "gradient: N * float", "errors: N * float", "options: float"}) {
    TF_OpDefinitionBuilderAddInput(definition, input);
  }
  TF_OpDefinitionBuilderAddAttr(definition, "N: int >= 1");
  TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  bool registered = TF_GetCode(status) == TF_OK;
  if (registered) {
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(name.c_str(), "CPU", nullptr, compute, nullptr);
    TF_RegisterKernelBuilder(name.c_str(), kernel, status);
    registered = TF_GetCode(status) == TF_OK;
  }
  TF_DeleteStatus(status);
  return registered;
}

template <Rule rule, int slots>
bool Register(const std::string& name) {
  return RegisterOne(name, ComputeRule<rule, slots, ComputeAll>) &&
         RegisterOne(name + "Chain", ComputeRule<rule, slots, ComputeChain>);
}

}  // namespace

// Loading the addon registers the operations. Its value: whether that succeeded, the instructions that they use, and whether
// products can be in bfloat16.
NAPI_MODULE_INIT() {
  static const bool registered = Register<Adam, 2>("HistoAdam") && Register<Momentum, 1>("HistoMomentum") &&
                                 Register<Descent, 0>("HistoDescent") && Register<RmsProp, 2>("HistoRmsProp") &&
                                 histo::RegisterDense();
  static const char* const names[] = {"plain", "avx2", "avx512", "amx"};
  const histo::Isa isa = histo::bfloat16::HasTiles() ? histo::Isa::amx : histo::VectorIsa();
  napi_value result = nullptr, value = nullptr;
  napi_create_object(env, &result);
  napi_get_boolean(env, registered, &value);
  napi_set_named_property(env, result, "registered", value);
  napi_create_string_utf8(env, names[static_cast<int>(isa)], NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, result, "isa", value);
  napi_get_boolean(env, histo::bfloat16::Available(), &value);
  napi_set_named_property(env, result, "bf16", value);
  return result;
}
