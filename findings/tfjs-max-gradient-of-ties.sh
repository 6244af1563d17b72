#!/usr/bin/env bash
# The gradient of a maximum (tf.max, global max pooling) in tfjs 4.22.0 is too large by the number of values that share the maximum: if
# all of a map of 7 x 7 are equal, its 49 derivatives are 1 each. Max pooling in the same library gives the error to one of them.
#
# Expected: derivatives that add up to 1, because values that all grow by h raise their maximum by h. TensorFlow documents that equal
# maxima share the gradient; JAX 0.7.2 does the same.
# Why it matters: the feature maps of a tile of glass are flat. With global max pooling, such a tile pulls up to 49 times as hard at
# the weights as one of tissue. This project shares the gradient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jax==0.7.2 numpy==2.3.5
JAX_PLATFORMS=cpu venv/bin/python - <<'PY'
import jax
import jax.numpy as jnp

total = jax.grad(lambda x: jnp.max(x))(jnp.full((7, 7), 2.0)).sum()
print(f"JAX {jax.__version__}: the derivatives of the maximum of 49 equal values add up to {total:.2f}")
assert abs(total - 1) < 1e-5
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const { add, fill, grad, max, maxPool, sum, version_core } = require("@tensorflow/tfjs-core");
const { layers } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const flat = fill([1, 7, 7, 1], 2);
const pooling = layers.globalMaxPooling2d({});
const ways = {
  "tf.max": (x) => max(x),
  globalMaxPooling2d: (x) => sum(pooling.apply(x)),
  "tf.maxPool of 7 x 7": (x) => sum(maxPool(x, 7, 7, "valid")),
};
const totals = Object.entries(ways).map(([name, way]) => {
  const total = sum(grad(way)(flat)).dataSync()[0];
  const raised = way(add(flat, 0.5)).dataSync()[0] - way(flat).dataSync()[0];
  console.log(`tfjs ${version_core}, ${name}: derivatives add up to ${total}; raising all values by 0.5 raises it by ${raised}`);
  return total;
});
process.exit(totals.join() === "49,49,1" ? 0 : 1);
JS
