#!/usr/bin/env bash
# The alpha dropout of tfjs 4.22.0 sets dropped units to the largest activation instead of the smallest: of standard normal input the
# mean becomes 0.9 at a rate of 0.3. Where its sources subtract the saturation of SELU, -1.76, they should add it.
#
# Expected: mean 0 and variance 1, as tfjs's own documentation says (it keeps both, by setting units to the negative saturation value)
# and as Keras 3.12.0 does.
# Why it matters: self-normalizing networks train on features that are shifted by one standard deviation, and predict on others.
# This project mends the layer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check keras==3.12.0 jax==0.7.2 numpy==2.3.5
KERAS_BACKEND=jax JAX_PLATFORMS=cpu venv/bin/python - <<'PY'
import keras
import numpy

values = numpy.random.default_rng(0).standard_normal((1000, 100)).astype("float32")
for rate in (0.1, 0.3, 0.5):
    kept = numpy.asarray(keras.layers.AlphaDropout(rate, seed=1)(values, training=True))
    print(f"Keras {keras.__version__}, rate {rate}: mean {kept.mean():.2f}, variance {kept.var():.2f}")
    assert abs(kept.mean()) < 0.03 and abs(kept.var() - 1) < 0.03
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const { moments, randomNormal, version_core, zeros } = require("@tensorflow/tfjs-core");
const { layers } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
let still = true;
for (const rate of [0.1, 0.3, 0.5]) {
  const layer = layers.alphaDropout({ rate });
  const { mean, variance } = moments(layer.apply(randomNormal([1000, 100], 0, 1, "float32", 5), { training: true }));
  const [shift, spread] = [mean, variance].map((tensor) => tensor.dataSync()[0]);
  // Of zeros, those that are kept and those that are dropped.
  const two = [...new Set(layer.apply(zeros([1, 100]), { training: true }).dataSync())].map((value) => value.toFixed(2));
  console.log(`tfjs ${version_core}, rate ${rate}: mean ${shift.toFixed(2)}, variance ${spread.toFixed(2)}; zeros become ${two.sort()}`);
  still &&= shift > 0.3;
}
process.exit(still ? 0 : 1);
JS
