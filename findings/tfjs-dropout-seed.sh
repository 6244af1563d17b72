#!/usr/bin/env bash
# A dropout layer of tfjs 4.22.0 that has a seed drops the same units at every step. In Keras 3.12.0 the same layer drops others at
# each step, and the same ones in each run.
#
# Expected: another mask at each step; the seed makes the sequence of masks repeatable.
# Why it matters: somebody who seeds a training to repeat it trains half of the network only, and sees no error. This project's
# networks have a dropout layer of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check keras==3.12.0 jax==0.7.2 numpy==2.3.5
KERAS_BACKEND=numpy venv/bin/python - <<'PY'
import keras
import numpy

layer = keras.layers.Dropout(0.5, seed=7)
steps = {str((layer(numpy.ones((1, 16)), training=True) > 0).astype(int).ravel()) for _ in range(5)}
print(f"Keras {keras.__version__}: {len(steps)} masks in 5 steps")
assert len(steps) > 1
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const { ones, version_core } = require("@tensorflow/tfjs-core");
const { layers } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const masks = (options) => {
  const layer = layers.dropout({ rate: 0.5, ...options });
  return new Set(Array.from({ length: 5 }, () => String(layer.apply(ones([1, 16]), { training: true }).dataSync()))).size;
};
const [seeded, free] = [masks({ seed: 7 }), masks({})];
console.log(`tfjs ${version_core}: ${seeded} mask in 5 steps with a seed, ${free} without`);
process.exit(seeded === 1 && free > 1 ? 0 : 1);
JS
