#!/usr/bin/env bash
# readRGB of geotiff 3.0.5 (geotiff.js) gives black for the white of a TIFF with PhotometricInterpretation 0 (white is zero): level 0
# becomes 256, which a byte holds as 0. All other levels come out right to within one.
#
# Expected: 255 for level 0, as Pillow and sharp read the same file, and as readRGB itself gives for the same picture with black at zero.
# Why it matters: scans of gels and single-channel masks are stored so. Their empty background becomes black and the faintest signal next
# to it white; a threshold for tissue takes the background for the darkest of all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile
from PIL import Image

levels = numpy.array([[0, 1, 2, 100, 254, 255]], numpy.uint8).repeat(4, 0)
tifffile.imwrite("white.tif", levels, photometric="miniswhite")
tifffile.imwrite("black.tif", 255 - levels, photometric="minisblack")
print(f"Pillow {Image.__version__}: {numpy.asarray(Image.open('white.tif').convert('L'))[0].tolist()} from levels {levels[0].tolist()}")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact geotiff@3.0.5 sharp@0.35.5 >/dev/null
node - <<'JS'
const sharp = require("sharp");
import("geotiff").then(async ({ fromFile }) => {
  const red = (pixels, channels) => [...pixels.subarray(0, 6 * channels)].filter((_, i) => i % channels === 0);
  const { data, info } = await sharp("white.tif").toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  console.log(`sharp ${sharp.versions.sharp}: ${red(data, info.channels)}`);
  const read = async (name) => red(await (await (await fromFile(name)).getImage()).readRGB({ interleave: true }), 3);
  const [white, black] = [await read("white.tif"), await read("black.tif")];
  console.log(`geotiff 3.0.5: ${white}; the same picture with black at zero: ${black}`);
  process.exit(String(white) === "0,255,254,156,2,1" && String(black) === "255,254,253,155,1,0" ? 0 : 1);
});
JS
