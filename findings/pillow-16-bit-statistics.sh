#!/usr/bin/env bash
# ImageStat of Pillow 13.0.0 takes the two bytes of each 16-bit grey value for two pixels' values: an image whose pixels are all 1000 has
# the mean 117.5 and the extremes 3 and 232.
#
# Expected: mean 1000, extremes 1000, as Image.getextrema and numpy give for the same image.
# Why it matters: means and deviations of a data set that standardize a network's input, and checks for empty tiles, are wrong without
# a warning. This project computes its statistics from decoded pixels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import numpy
import PIL
from PIL import Image, ImageStat

image = Image.fromarray(numpy.full((16, 16), 1000, numpy.uint16))
statistics = ImageStat.Stat(image)
print(f"Pillow {PIL.__version__}, mode {image.mode}, all pixels 1000: mean {statistics.mean}, extremes {statistics.extrema}, "
      f"getextrema {image.getextrema()}, numpy's mean {numpy.asarray(image).mean()}")
sys.exit(0 if statistics.mean == [117.5] and statistics.extrema == [(3, 232)] and image.getextrema() == (1000, 1000) else 1)
PY
