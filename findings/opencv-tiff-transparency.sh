#!/usr/bin/env bash
# OpenCV 5.0.0 reads the same pixels with transparency differently from a PNG and a TIFF: imread leaves the transparency of the PNG
# out and keeps the colours; those of the TIFF it multiplies by the transparency, which is a black background.
#
# Expected: the same colours from both, whose transparency is unassociated (TIFF 6.0, page 31: ExtraSamples 2).
# Why it matters: annotation tools export tiles cut to an outline so, and their glass becomes black or stays as it was, depending on
# the format alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys
import cv2
import numpy
import tifffile
from PIL import Image

folder = sys.argv[1]
written = numpy.empty((64, 64, 4), numpy.uint8)
written[...] = (100, 200, 150, 60)
Image.fromarray(written).save(f"{folder}/tile.png")
tifffile.imwrite(f"{folder}/tile.tif", written, photometric="rgb", extrasamples=["unassalpha"])
print(f"{written[0, 0].tolist()} written")
colours = {}
for kind in ("png", "tif"):
    path = f"{folder}/tile.{kind}"
    colours[kind] = cv2.imread(path)[0, 0, ::-1].tolist()
    print(f"{kind}: OpenCV {cv2.__version__} reads {colours[kind]}, Pillow {Image.open(path).getpixel((0, 0))}")
kept, shaded = written[0, 0, :3].tolist(), [round(value * 60 / 255) for value in (100, 200, 150)]
near = max(abs(a - b) for a, b in zip(colours["tif"], shaded)) <= 1
sys.exit(0 if colours["png"] == kept and near else 1)
PY
