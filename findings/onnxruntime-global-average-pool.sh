#!/usr/bin/env bash
# The mean of a large map is wrong in onnxruntime-node 1.30.0: GlobalAveragePool of 2048 x 2048 pixels that are all 1.1 gives 1.112,
# and ReduceMean over the same axes 1.098. The error grows with the number of pixels, as that of a float32 sum of one pixel after the
# other does: each is rounded to what a sum of millions leaves.
#
# Expected: 1.1 to six digits, as NumPy's mean and PyTorch 2.15's adaptive_avg_pool2d give in float32; they add up blocks first.
# Why it matters: models that pool at full resolution, such as colour features of a whole picture or maps of a slide, give other answers
# than where they were trained. On small maps (7 x 7) the error is a rounding. This project's colour features are sums of whole numbers,
# in double precision where they are large (src/conversion/converters/frozen.ts).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python && python/bin/pip install --quiet --disable-pip-version-check onnx==1.19.1
python/bin/python - <<'PY'
from onnx import TensorProto, helper, save

value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "c", "h", "w"])
for operator, options in (("GlobalAveragePool", {}), ("ReduceMean", {"axes": [2, 3]})):
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], **options)], "mean", [value("x")], [value("y")])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), f"{operator}.onnx")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0
cat >run.cjs <<'JS'
const { InferenceSession, Tensor } = require("onnxruntime-node");
const { version } = require("onnxruntime-node/package.json");
const LEVEL = 1.1;
async function errorOf(operator, size) {
  const session = await InferenceSession.create(`${operator}.onnx`, { intraOpNumThreads: 1 });
  const x = new Tensor("float32", new Float32Array(size * size).fill(LEVEL), [1, 1, size, size]);
  const mean = (await session.run({ x })).y.data[0];
  const error = Math.abs(mean / Math.fround(LEVEL) - 1);
  console.log(`onnxruntime-node ${version}: ${operator} of ${size} x ${size} times ${LEVEL} is ${mean.toPrecision(6)}, wrong by ${error.toExponential(0)}`);
  return error;
}
(async () => {
  const small = await errorOf("GlobalAveragePool", 7);
  const tile = await errorOf("GlobalAveragePool", 224);
  const large = await errorOf("GlobalAveragePool", 2048);
  const reduced = await errorOf("ReduceMean", 2048);
  process.exit(small < 1e-6 && tile > 2e-5 && large > 1e-3 && reduced > 1e-4 ? 0 : 1);
})();
JS
ORT_DISABLE_TELEMETRY=1 node run.cjs
