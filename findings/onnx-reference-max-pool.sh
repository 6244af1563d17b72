#!/usr/bin/env bash
# The reference evaluator of onnx 1.23.2 gives another shape for MaxPool than ONNX defines where the sides are padded differently:
# pads [0, 0, 1, 1] on 7x7 with a window of 3 give 5x7 instead of 6x6.
#
# Expected: 6x6, which the specification's formula, onnx's own shape inference and onnxruntime give; AveragePool of the same pads has
# it too.
# Why it matters: convolution stacks from TensorFlow have such pads before each pooling of stride 2 ("same" padding). Who checks an
# export against the reference takes a right file for a wrong one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

x = numpy.random.default_rng(0).normal(size=(1, 1, 7, 7)).astype(numpy.float32)
shapes = {}
for operator in ("AveragePool", "MaxPool"):
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], kernel_shape=[3, 3], strides=[1, 1], pads=[0, 0, 1, 1])], "pool",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shapes[operator] = (tuple(d.dim_value for d in inferred)[2:], session.run(None, {"x": x})[0].shape[2:],
                        ReferenceEvaluator(model).run(None, {"x": x})[0].shape[2:])
    print(f"{operator}: inferred {shapes[operator][0]}, onnxruntime {onnxruntime.__version__} {shapes[operator][1]}, "
          f"reference of onnx {onnx.__version__} {shapes[operator][2]}")
sys.exit(0 if shapes == {"AveragePool": ((6, 6),) * 3, "MaxPool": ((6, 6), (6, 6), (5, 7))} else 1)
PY
