#!/usr/bin/env bash
# sharp 0.35.5 gives seven channels for a TIFF of five grey channels: the first three times, as if it were red, green and blue, then
# the other four. Its own metadata says five.
#
# Expected: the five channels as stored, as tifffile reads them.
# Why it matters: multiplex stains have a channel for each marker. Code that takes channel 2 of the pixels gets channel 0, the
# nuclei, instead of its marker. This project refuses such files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile

written = numpy.empty((16, 16, 5), numpy.uint8)
written[...] = (10, 20, 30, 40, 50)
tifffile.imwrite("five.tif", written, photometric="minisblack", planarconfig="contig")
print(f"tifffile {tifffile.__version__}: {tifffile.imread('five.tif')[0, 0].tolist()}")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact sharp@0.35.5 >/dev/null
node - <<'JS'
const sharp = require("sharp");
(async () => {
  const { channels } = await sharp("five.tif").metadata();
  const { data, info } = await sharp("five.tif").raw().toBuffer({ resolveWithObject: true });
  const pixel = [...data.subarray(0, info.channels)];
  console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}: ${pixel}; channels in its metadata: ${channels}`);
  process.exit(channels === 5 && String(pixel) === "10,10,10,20,30,40,50" ? 0 : 1);
})();
JS
