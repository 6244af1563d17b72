#!/usr/bin/env bash
# In onnxruntime 1.32.0 a higher input of Sigmoid may give a lower probability: -17 gives 8.9e-8 and -16 gives 6.0e-8, and everything
# up to -18 gives 0. It computes one half plus an odd function of the input, of which float32 leaves steps of 3e-8.
#
# Expected: 4.1e-8, 1.1e-7, and 1.5e-8 for -18, rising with the input, as SciPy's expit gives in float32.
# Why it matters: the probabilities of confidently negative tiles rank them differently from their logits, and the log loss of a
# missed one is infinite. Export logits, and compute the sigmoid afterwards.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PY'
import sys
import numpy
import onnxruntime
import scipy
from onnx import TensorProto, helper
from scipy.special import expit

logits = numpy.array([-22, -20, -18, -17, -16, -15, -14, 0, 20], numpy.float32)
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [logits.size]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Sigmoid", ["x"], ["y"])], "sigmoid", ends[:1], ends[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=10)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
given, exact = session.run(None, {"x": logits})[0], expit(logits)
print(f"logit   onnxruntime {onnxruntime.__version__}   SciPy {scipy.__version__}")
for row in zip(logits, given, exact):
    print("{:5.0f}   {:18.2g}   {:12.2g}".format(*row))
falls = bool((numpy.diff(given) < 0).any())
print(f"falls somewhere: {falls}; zeros: {(given == 0).sum()} (SciPy: {(exact == 0).sum()})")
sys.exit(0 if falls and (given == 0).sum() == 3 and (numpy.diff(exact) > 0).all() else 1)
PY
