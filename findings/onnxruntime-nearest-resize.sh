#!/usr/bin/env bash
# onnxruntime 1.32.0 takes the wrong pixels when Resize gets sizes, in the mode of nearest pixels that PyTorch's exports have
# (asymmetric, floor): of 14 pixels to 2, number 6 instead of 7; of 224 to 32, the neighbour in 19 of 32 places. It divides by a
# factor rounded to 32 bits and rounds the result, just below a whole number, down.
#
# Expected: pixel floor(i * from / to), as ONNX 1.23.2's own reference evaluator gives.
# Why it matters: factors of 7 are usual with tiles of 224 pixels, whose feature maps have 7, 14, 28 or 32 rows. Masks shrunk to such a
# map, and features shrunk to a coarser one, come from neighbouring places.
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


def model(size):
    options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    graph = helper.make_graph(
        [helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], **options)], "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 1, None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("sizes", TensorProto.INT64, [4], [1, 1, 1, size])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


wrong = right = 0
for before, after in ((16, 4), (14, 2), (28, 4), (21, 3), (26, 2), (224, 32)):
    x = numpy.arange(before, dtype=numpy.float32).reshape(1, 1, 1, -1)
    session = onnxruntime.InferenceSession(model(after).SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.run(None, {"x": x})[0].ravel().astype(int).tolist()
    reference = ReferenceEvaluator(model(after)).run(None, {"x": x})[0].ravel().astype(int).tolist()
    exact = [i * before // after for i in range(after)]
    places = [i for i in range(after) if given[i] != exact[i]]
    wrong += bool(places)
    right += reference == exact
    print(f"{before} to {after}: onnxruntime {onnxruntime.__version__} differs at {places}: {[given[i] for i in places]} for "
          f"{[exact[i] for i in places]}; onnx {onnx.__version__} is {'right' if reference == exact else 'wrong'}")
sys.exit(0 if wrong >= 3 and right == 6 else 1)
PY
