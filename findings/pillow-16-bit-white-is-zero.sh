#!/usr/bin/env bash
# Pillow 13.0.0 turns the levels of an 8-bit TIFF with PhotometricInterpretation 0 (white is zero) round, and leaves those of a
# 16-bit one as they are: the same picture comes out as its negative, without a word.
#
# Expected: the same treatment for both depths (TIFF 6.0, page 37: 0 is imaged as white).
# Why it matters here: scans of gels and X-rays are stored so. This project turns both round.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys
import numpy
import PIL
import tifffile
from PIL import Image

folder = sys.argv[1]
pixels = {}
for depth, kind, value in ((8, numpy.uint8, 0x12), (16, numpy.uint16, 0x1234)):
    path = f"{folder}/{depth}.tif"
    tifffile.imwrite(path, numpy.full((16, 16), value, kind), photometric="miniswhite")
    with Image.open(path) as image:
        pixels[depth] = image.getpixel((0, 0))
        print(f"Pillow {PIL.__version__}, {depth} bits: {value:#x} written, {pixels[depth]:#x} read (mode {image.mode})")
sys.exit(0 if pixels == {8: 255 - 0x12, 16: 0x1234} else 1)
PY
