#!/usr/bin/env bash
# In plain JavaScript, tf.image.transform of tfjs 4.22.0 transforms the first image of a batch only; the others consist of the fill
# value. Its kernel returns at the end of the first image. The WebAssembly kernel of the same version transforms all.
#
# Expected: each image of the batch transformed, as documented (images [batch, height, width, channels], a row of eight numbers for each
# image or one for all), and the same as one by one.
# Why it matters: in a batch that is rotated or moved at random, all tiles but one are black, and the network learns that a black tile
# has any label. This project transforms them one by one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
require("@tensorflow/tfjs-backend-wasm");
const transform = (image, row) => tf.image.transform(image, row, "nearest", "nearest", 0);
(async () => {
  const right = {};
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    const images = tf.add(tf.reshape(tf.range(0, 48), [3, 4, 4, 1]), 1);
    // The images move by one, two and three pixels.
    const rows = tf.tensor2d([1, 2, 3].map((shift) => [1, 0, shift, 0, 1, 0, 0, 0]));
    const batch = tf.unstack(transform(images, rows)).map((image) => String(image.dataSync()));
    const single = [0, 1, 2].map((i) => String(transform(tf.slice(images, [i], [1]), tf.slice(rows, [i], [1])).dataSync()));
    right[backend] = batch.map((pixels, i) => pixels === single[i]);
    const third = batch[2].split(",").slice(0, 4);
    console.log(`tfjs ${tf.version_core}, ${backend}: images as one by one: ${right[backend]}; the third begins with ${third}`);
  }
  process.exit(String(right.cpu) === "true,false,false" && String(right.wasm) === "true,true,true" ? 0 : 1);
})();
JS
