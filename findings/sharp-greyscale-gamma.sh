#!/usr/bin/env bash
# sharp 0.35.5 computes grey in linear light already, though its documentation calls greyscale() linear in the values as they are and
# advises gamma() before it for sRGB: with gamma() the picture comes out too bright. Without it, grey is still far from that of
# Pillow and OpenCV, which weigh the sRGB values (green 220 instead of 150).
#
# Expected: with gamma() the luminance of the colour in sRGB, without it the weighed values.
# Why it matters: thresholds for tissue and blur are often found on grey tiles in Python; on sharp's they mean something else.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'PY'
import cv2
import numpy
from PIL import Image

for colour in ((0, 255, 0), (200, 60, 120)):
    pixel = numpy.full((1, 1, 3), colour, numpy.uint8)
    grey = Image.fromarray(pixel).convert("L").getpixel((0, 0)), int(cv2.cvtColor(pixel, cv2.COLOR_RGB2GRAY)[0, 0])
    print(f"{colour}: Pillow {Image.__version__} {grey[0]}, OpenCV {cv2.__version__} {grey[1]}")
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact sharp@0.35.5 >/dev/null
node - <<'JS'
const sharp = require("sharp");
const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const encoded = (light) => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);
const luminance = (colour) => {
  const [r, g, b] = colour.map((value) => linear(value / 255));
  return Math.round(255 * encoded(0.2126 * r + 0.7152 * g + 0.0722 * b));
};
const grey = async (image) => (await image.greyscale().raw().toBuffer())[0];
(async () => {
  let still = true;
  for (const colour of [[0, 255, 0], [200, 60, 120]]) {
    const [r, g, b] = colour;
    const image = () => sharp({ create: { width: 1, height: 1, channels: 3, background: { r, g, b } } });
    const [plain, corrected, right] = [await grey(image()), await grey(image().gamma()), luminance(colour)];
    console.log(`(${colour}): sharp ${sharp.versions.sharp} ${plain}, with gamma() ${corrected}; luminance ${right}`);
    still &&= Math.abs(plain - right) <= 1 && corrected - right > 10;
  }
  process.exit(still ? 0 : 1);
})();
JS
