// One call of a TensorFlow operation, and its registration, with TensorFlow's C interface.
#pragma once
#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>
#include <tensorflow/c/tf_status.h>
#include <tensorflow/c/tf_tensor.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace histo {

using Index = std::int64_t;

// The attributes `whole` and `real` of an operation.
struct Options {
  Index whole = 0;
  float real = 0;
};

// Inputs and outputs of a running operation. The first problem becomes the operation's error, and nothing more is computed.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {
    inputs_.resize(TF_NumInputs(context));
    for (std::size_t i = 0; i < inputs_.size() && ok(); i++) TF_GetInput(context, i, &inputs_[i], status_);
  }
  Call(const Call&) = delete;
  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : inputs_) {
      if (tensor) TF_DeleteTensor(tensor);
    }
    for (TF_Tensor* tensor : outputs_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  void Require(bool condition, const char* message) {
    if (ok() && !condition) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
  }

  int inputs() const { return inputs_.size(); }
  int rank(int input) const { return TF_NumDims(inputs_[input]); }
  Index dim(int input, int axis) const { return TF_Dim(inputs_[input], axis); }
  Index count(int input) const { return TF_TensorElementCount(inputs_[input]); }
  // The length of the last axis, and the number of vectors of that length.
  Index width(int input) const { return rank(input) ? dim(input, rank(input) - 1) : 1; }
  Index rows(int input) const { return width(input) ? count(input) / width(input) : 0; }
  std::vector<Index> shape(int input) const {
    std::vector<Index> dims(rank(input));
    for (std::size_t i = 0; i < dims.size(); i++) dims[i] = dim(input, i);
    return dims;
  }

  template <typename T = float>
  T* data(int input) const {
    return static_cast<T*>(TF_TensorData(inputs_[input]));
  }

  float* Output(int output, const std::vector<Index>& dims) {
    if (!ok()) return nullptr;
    Index elements = 1;
    for (Index extent : dims) elements *= extent;
    TF_Tensor* tensor =
        TF_AllocateOutput(context_, output, TF_FLOAT, dims.data(), dims.size(), elements * sizeof(float), status_);
    if (!ok()) return nullptr;
    outputs_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> inputs_;
  std::vector<TF_Tensor*> outputs_;
};

using Compute = void (*)(Call&, const Options&);

template <Compute compute>
void RunKernel(void* options, TF_OpKernelContext* context) {
  Call call(context);
  if (call.ok()) compute(call, *static_cast<Options*>(options));
}

inline void* ReadOptions(TF_OpKernelConstruction* construction) {
  Options* options = new Options;
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt64(construction, "whole", &options->whole, status);
  TF_OpKernelConstruction_GetAttrFloat(construction, "real", &options->real, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return options;
}

inline void ForgetOptions(void* options) { delete static_cast<Options*>(options); }

// Registers an operation with a CPU kernel. `inputs` and `outputs` are such as "x: float", or "x: N * float" for N tensors.
template <Compute compute>
bool Register(const char* name, std::initializer_list<const char*> inputs, std::initializer_list<const char*> outputs) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderAddAttr(definition, "whole: int = 0");
  TF_OpDefinitionBuilderAddAttr(definition, "real: float = 0.0");
  TF_OpDefinitionBuilderAddAttr(definition, "N: int >= 1 = 1");
  TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  bool registered = TF_GetCode(status) == TF_OK;
  if (registered) {
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", ReadOptions, RunKernel<compute>, ForgetOptions);
    TF_RegisterKernelBuilder(name, kernel, status);
    registered = TF_GetCode(status) == TF_OK;
  }
  TF_DeleteStatus(status);
  return registered;
}

}  // namespace histo
