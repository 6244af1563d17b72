#!/usr/bin/env bash
# The layer upSampling2d of tfjs 4.22.0 with bilinear interpolation gives other values than the Keras layer whose name, options and
# saved form it shares: it takes the corners of pixels for their centres, so the picture moves by half a pixel to the top left
# and the last column is doubled.
#
# Expected: the values of Keras 3.12.0, because tfjs loads models that Keras has trained.
# Why it matters: decoders that mark glands upsample several times, and each time the outline moves against the tile.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check keras==3.12.0 jax==0.7.2 numpy==2.3.5
KERAS_BACKEND=numpy venv/bin/python - <<'PY'
import keras
import numpy

row = numpy.array([0, 10, 20, 30], "float32").reshape(1, 1, 4, 1)
values = keras.layers.UpSampling2D((1, 2), interpolation="bilinear")(row).ravel().tolist()
print(f"Keras {keras.__version__}: {values}")
assert values == [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const { tensor4d, version_core } = require("@tensorflow/tfjs-core");
const { layers } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const layer = layers.upSampling2d({ size: [1, 2], interpolation: "bilinear" });
const values = [...layer.apply(tensor4d([0, 10, 20, 30], [1, 1, 4, 1])).dataSync()];
console.log(`tfjs ${version_core}: ${JSON.stringify(values)}`);
process.exit(String(values) === "0,5,10,15,20,25,30,30" ? 0 : 1);
JS
