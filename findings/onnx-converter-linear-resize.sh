#!/usr/bin/env bash
# The version converter of onnx 1.23.2 changes what a network computes: a Resize or Upsample with linear interpolation gives other
# values after convert_version from opset 10 to 11 or later, because the new operator's default place of pixels is not the old one.
#
# Expected: the same values; opset 11 has the old rule under the name "asymmetric", which the converter does not write. The old values
# are those of onnx's own test of opset 10 for enlarging (1, 2) twice: 1, 1.5, 2, 2.
# Why it matters: older decoders that mark glands upsample linearly. Tools that want a newer opset are given the converted file, the
# checker accepts it, and each outline moves by half a pixel at every step.
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
from onnx import TensorProto, helper, version_converter

x = numpy.array([1, 2], numpy.float32).reshape(1, 1, 1, 2)


def run(model):
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0].ravel().tolist()


still = True
for operator, opset in (("Upsample", 9), ("Resize", 10)):
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "scales"], ["y"], mode="linear")], "enlarge",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1, 4])],
        [helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, 1, 2])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=5)
    before, after = run(model), [run(version_converter.convert_version(model, target)) for target in (11, 18)]
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {operator} of opset {opset} {before}, "
          f"converted to 11 {after[0]}, to 18 {after[1]}")
    still &= before == [1, 1.5, 2, 2] and after == [[1, 1.25, 1.75, 2]] * 2
sys.exit(0 if still else 1)
PY
