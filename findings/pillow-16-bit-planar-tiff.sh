#!/usr/bin/env bash
# Pillow 13.0.0 opens a TIFF of 16-bit RGB in separate planes as an 8-bit image and gives the low byte of each value.
#
# Expected: an error, or 8-bit values made from the high bytes, as for 16-bit RGB with the samples side by side. tifffile, which
# reads what was written, shows that the file is well.
# Why it matters here: Pillow is the reader that users compare with. This project reads such files with their high bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/planar.tif" <<'PY'
import sys
import numpy
import PIL
import tifffile
from PIL import Image

path = sys.argv[1]
written = numpy.empty((3, 16, 16), numpy.uint16)
written[0], written[1], written[2] = 0x1234, 0x5678, 0x9ABC
tifffile.imwrite(path, written, photometric="rgb", planarconfig="separate")
read = tifffile.imread(path)[:, 0, 0].tolist()
with Image.open(path) as image:
    mode, pixel = image.mode, image.getpixel((0, 0))
print(f"Pillow {PIL.__version__}: mode {mode}, first pixel {pixel}")
print(f"tifffile {tifffile.__version__}: first pixel {read}; high bytes {[v >> 8 for v in read]}, low bytes {[v & 255 for v in read]}")
low = tuple(value & 255 for value in read)
sys.exit(0 if mode == "RGB" and tuple(pixel) == low else 1)
PY
