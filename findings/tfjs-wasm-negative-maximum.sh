#!/usr/bin/env bash
# The WebAssembly backend of tfjs 4.22.0 gives the gradient of max pooling to the wrong value where all values of a window are negative:
# in a window of 2 x 2 to the first. The maximum of negative values is 1e-38, the smallest normal number, in maxPool3d and
# dilation2d. The forward pass of maxPool is right.
#
# Expected: the derivative 1 at the largest value, whatever its sign, as the plain backend of the same version gives and as raising that
# value shows.
# Why it matters: where pooling comes before the activation, as in this project's network, half of the windows can be negative, and
# the training goes on with wrong gradients. This project does not use this backend; a notebook can choose it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 \
  @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-layers"); // for the gradients
require("@tensorflow/tfjs-backend-cpu");
require("@tensorflow/tfjs-backend-wasm");
const pooled = (x) => tf.sum(tf.maxPool(x, 2, 2, "valid"));
const windowOf = (values) => tf.tensor4d(values, [1, 2, 2, 1]);
(async () => {
  const seen = {};
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    const gradient = (values) => tf.grad(pooled)(windowOf(values)).dataSync().join(" ");
    const [negative, positive] = [gradient([-4, -3, -2, -1]), gradient([1, 2, 3, 4])];
    const raised = pooled(windowOf([-4, -3, -2, -0.5])).dataSync()[0] - pooled(windowOf([-4, -3, -2, -1])).dataSync()[0];
    const deep = tf.maxPool3d(tf.fill([1, 2, 2, 2, 1], -3), 2, 2, "valid").dataSync()[0];
    const dilated = tf.dilation2d(tf.fill([1, 2, 2, 1], -3), tf.zeros([2, 2, 1]), 1, "valid").dataSync()[0];
    seen[backend] = `${negative}, ${positive}, ${deep}, ${dilated}`;
    console.log(`tfjs ${tf.version_core}, ${backend}: gradient for -4 -3 -2 -1: ${negative}, for 1 2 3 4: ${positive}; raising the last ` +
      `of -4 -3 -2 -1 by 0.5 raises the maximum by ${raised}; maximum of values of -3: ${deep} (3D), ${dilated} (dilation)`);
  }
  process.exit(seen.cpu === "0 0 0 1, 0 0 0 1, -3, -3" && seen.wasm.startsWith("1 0 0 0, 0 0 0 1, 1.17") ? 0 : 1);
})();
JS
