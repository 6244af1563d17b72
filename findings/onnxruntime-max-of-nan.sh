#!/usr/bin/env bash
# In onnxruntime 1.32.0 the place of a NaN decides about a maximum: ReduceMax of (NaN, 1, 2, 3) is NaN, that of (1, NaN, 2, 3) is a
# number (on x86 it is 2, not even the largest). GlobalMaxPool gives a number too; averages give NaN.
#
# Expected: NaN wherever it is, as in NumPy and as ONNX 1.23.2's own reference evaluator gives.
# Why it matters: a network whose weights or input have become NaN still gives a plausible probability if its features are pooled by
# maximum, as in multiple-instance models of slides, and a check for NaN in the answer never fires.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import math
import sys
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def answers(operator, values, shape):
    x = numpy.array(values, numpy.float32).reshape(shape)
    options = {"axes": [1]} if operator == "ReduceMax" else {}
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], **options)], "max",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given, reference = session.run(None, {"x": x})[0].item(), ReferenceEvaluator(model).run(None, {"x": x})[0].item()
    print(f"{operator} of {values}: onnxruntime {onnxruntime.__version__} {given}, onnx {onnx.__version__} {reference}, "
          f"NumPy {x.max() if 'Max' in operator else x.mean()}")
    return math.isnan(given), math.isnan(reference)


nan = math.nan
front = answers("ReduceMax", [nan, 1, 2, 3], [1, 4])
within = answers("ReduceMax", [1, nan, 2, 3], [1, 4])
pooled = answers("GlobalMaxPool", [1, nan, 2, 3], [1, 1, 2, 2])
mean = answers("GlobalAveragePool", [1, nan, 2, 3], [1, 1, 2, 2])
print(f"NaN kept (onnxruntime, onnx): {front}, {within}, {pooled}, {mean}")
sys.exit(0 if front[0] and mean[0] and not within[0] and not pooled[0] and front[1] and within[1] else 1)
PY
