#!/usr/bin/env bash
# geotiff 3.0.5 (geotiff.js) moves pictures that it reads at another size: enlarged twice by nearest pixels, the first pixel comes
# once, the last three times; halved with "bilinear" it takes every other pixel as it is, without mixing.
#
# Expected: each pixel twice, and the means of two, as Pillow gives by the same methods for the same numbers.
# Why it matters: labels read at the size of a tile are half a pixel (at factor 8: four pixels) beside the tissue, and thumbnails made
# so have moiré instead of means.
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

row = numpy.array([[0, 40, 80, 120]], numpy.uint8)
tifffile.imwrite("row.tif", row.repeat(4, 0), photometric="minisblack")
picture = Image.fromarray(row)
for width, method in ((8, Image.Resampling.NEAREST), (2, Image.Resampling.BOX)):
    values = numpy.asarray(picture.resize((width, 1), method))[0].tolist()
    print(f"Pillow {Image.__version__}, {method.name} to {width}: {values}")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact geotiff@3.0.5 >/dev/null
node - <<'JS'
import("geotiff").then(async ({ fromFile }) => {
  const image = await (await fromFile("row.tif")).getImage();
  const row = async (width, resampleMethod) => {
    const values = await image.readRasters({ width, height: 4, resampleMethod, interleave: true });
    console.log(`geotiff 3.0.5, ${resampleMethod} to ${width}: ${[...values.subarray(0, width)]}`);
    return String(values.subarray(0, width));
  };
  const [larger, smaller] = [await row(8, "nearest"), await row(2, "bilinear")];
  process.exit(larger === "0,40,40,80,80,120,120,120" && smaller === "0,80" ? 0 : 1);
});
JS
