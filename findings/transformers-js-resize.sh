#!/usr/bin/env bash
# RawImage.resize of @huggingface/transformers 4.3.2 shrinks images in Node with "bilinear" and "bicubic" without averaging: it takes the
# colours around single places, so that fine texture is lost or becomes large spots. "lanczos" averages.
#
# Expected: what the Python processors with the same names give, and with them the training: they average over all pixels (Pillow).
# Why it matters: chromatin is texture of this size. A tile of black and white lines, grey in training, reaches the network as black or
# white. This project shrinks with averaging in training and serving alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @huggingface/transformers@4.3.2 >/dev/null
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { RawImage } from "@huggingface/transformers";
const { version } = JSON.parse(readFileSync("node_modules/@huggingface/transformers/package.json", "utf8"));
const edge = 512;
const lines = Uint8ClampedArray.from({ length: edge * edge * 3 }, (_, i) => (Math.floor(i / 3) % edge % 4 < 2 ? 0 : 255));
const spread = {};
for (const resample of ["bilinear", "bicubic", "lanczos"]) {
  const { data } = await new RawImage(lines, edge, edge, 3).resize(103, 103, { resample });
  const values = data.filter((_, i) => i % 309 > 30 && i % 309 < 278);
  spread[resample] = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  console.log(`transformers.js ${version}, ${resample}: values differ by up to ${spread[resample]}`);
}
process.exit(spread.bilinear > 200 && spread.bicubic > 200 && spread.lanczos < 40 ? 0 : 1);
JS
venv/bin/python - <<'PY'
import numpy
import PIL
from PIL import Image

lines = numpy.where(numpy.arange(512) % 4 < 2, 0, 255).astype(numpy.uint8)
image = Image.fromarray(numpy.broadcast_to(lines[None, :, None], (512, 512, 3)).copy())
for name in ("BILINEAR", "BICUBIC"):
    values = numpy.asarray(image.resize((103, 103), Image.Resampling[name]))[:, 11:92]
    print(f"Pillow {PIL.__version__}, {name}: values differ by up to {int(values.max()) - int(values.min())}")
    assert values.max() - values.min() < 60
PY
node read.mjs
