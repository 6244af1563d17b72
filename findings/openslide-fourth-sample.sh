#!/usr/bin/env bash
# OpenSlide 4.0.1 takes any fourth sample of a tiled TIFF for transparency by which the colours are multiplied already, also where
# ExtraSamples is 0 (unspecified): colours above the fourth sample come out wrapped round, 200 as 82.
#
# Expected: the three colours as stored, as tifffile and Pillow read them (TIFF 6.0, page 31: 0 is unspecified data).
# Why it matters: scans with an infrared or mask channel are stored so. This project refuses such slides where only OpenSlide reads
# their compression.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openslide-bin==4.0.1.2 openslide-python==1.4.7 \
  tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6 pillow==13.0.0
"$folder/venv/bin/python" - "$folder/slide.tif" <<'PY'
import sys
import numpy
import openslide
import tifffile
from PIL import Image

path = sys.argv[1]
written = numpy.empty((256, 256, 4), numpy.uint8)
written[...] = (100, 200, 150, 60)
tifffile.imwrite(path, written, tile=(256, 256), photometric="rgb", extrasamples=["unspecified"], compression="deflate")
pixels = {
    f"tifffile {tifffile.__version__}": tifffile.imread(path)[0, 0],
    f"Pillow {Image.__version__}": numpy.asarray(Image.open(path))[0, 0],
    f"OpenSlide {openslide.__library_version__}": numpy.asarray(openslide.OpenSlide(path).read_region((0, 0), 0, (8, 8)))[0, 0],
}
print(f"{written[0, 0].tolist()} written, the fourth unspecified")
for name, pixel in pixels.items():
    print(f"{name}: {pixel.tolist()}")
first, second, third = (pixel[:3].tolist() for pixel in pixels.values())
sys.exit(0 if first == second == written[0, 0, :3].tolist() and third != first else 1)
PY
