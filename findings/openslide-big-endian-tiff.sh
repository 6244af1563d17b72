#!/usr/bin/env bash
# OpenSlide 4.0.1 opens a tiled TIFF whose bytes are in little-endian order and refuses the same one in big-endian order as
# "Unsupported or missing image file", whatever its compression. tifffile reads both alike.
#
# Expected: both orders, which TIFF 6.0 (section 2) makes equal; libtiff, beneath OpenSlide, reads both.
# Why it matters here: slides converted on other systems come in this order. This project's own TIFF reader takes them; only
# formats that need OpenSlide go there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openslide-bin==4.0.1.2 openslide-python==1.4.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
"$folder/venv/bin/python" - "$folder/tiled.tif" <<'PY'
import sys
import numpy
import openslide
import tifffile

path = sys.argv[1]
written = numpy.random.default_rng(0).integers(0, 256, (512, 512, 3), numpy.uint8)
opened = {}
for order, name in (("<", "little-endian"), (">", "big-endian")):
    for compression in (None, "deflate", "lzw"):
        tifffile.imwrite(path, written, tile=(256, 256), photometric="rgb", byteorder=order, compression=compression)
        assert (tifffile.imread(path) == written).all()
        try:
            opened[order, compression] = bool(openslide.OpenSlide(path).dimensions)
            answer = "opened"
        except openslide.OpenSlideError as error:
            opened[order, compression] = False
            answer = str(error)
        print(f"OpenSlide {openslide.__library_version__}, {name}, {compression or 'no compression'}: {answer}")
sys.exit(0 if all(is_open == (order == "<") for (order, _), is_open in opened.items()) else 1)
PY
