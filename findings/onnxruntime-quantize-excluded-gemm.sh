#!/usr/bin/env bash
# quantize_dynamic of onnxruntime 1.32.0 quantizes a fully connected layer (Gemm) that nodes_to_exclude names, and leaves alone one that
# nodes_to_quantize names: it turns each Gemm into a MatMul named "NAME_MatMul" first and then looks the names up.
#
# Expected: what the arguments promise for the names in the file, and what quantize_static does with the same file and list.
# Why it matters: the last layer, which alone decides between two classes, is the one that is kept in full precision. Who excludes it gets
# an 8-bit one, no warning, and takes the loss in accuracy for unavoidable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
venv/bin/python - <<'PY' 2>/dev/null
import sys
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

random = numpy.random.default_rng(0)
weights = [numpy_helper.from_array(random.normal(size=shape).astype(numpy.float32), name)
           for name, shape in (("w1", (16, 16)), ("b1", 16), ("w2", (16, 1)), ("b2", 1))]
nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["a"], name="hidden"), helper.make_node("Relu", ["a"], ["b"], name="relu"),
         helper.make_node("Gemm", ["b", "w2", "b2"], ["y"], name="head")]
graph = helper.make_graph(nodes, "mlp", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 16])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), "mlp.onnx")


class Examples(CalibrationDataReader):
    def __init__(self):
        self.left = 4

    def get_next(self):
        self.left -= 1
        return {"x": random.normal(size=(8, 16)).astype(numpy.float32)} if self.left >= 0 else None


def eight_bit(what, method, *arguments, **options):
    """The layers whose weights are 8-bit in the file that the method writes."""
    method("mlp.onnx", "small.onnx", *arguments, **options)
    kept = {tensor.name for tensor in onnx.load("small.onnx").graph.initializer if tensor.data_type == TensorProto.FLOAT}
    found = [name for name, weight in (("hidden", "w1"), ("head", "w2")) if weight not in kept]
    print(f"onnxruntime {onnxruntime.__version__}, {what}: 8-bit weights in {found}")
    return found


answers = [
    eight_bit("quantize_dynamic without head", quantize_dynamic, nodes_to_exclude=["head"]),
    eight_bit("quantize_dynamic of hidden", quantize_dynamic, nodes_to_quantize=["hidden"]),
    eight_bit("quantize_static without head", quantize_static, Examples(), quant_format=QuantFormat.QOperator, nodes_to_exclude=["head"]),
]
sys.exit(0 if answers == [["hidden", "head"], [], ["hidden"]] else 1)
PY
