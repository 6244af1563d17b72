#!/usr/bin/env bash
# OpenSlide 4.0.1 gives wrong pixels in the last column of tiles of a tiled TIFF of 16-bit grey, where the picture ends within
# these tiles: all rows but each tile's first come out wrong. Whole tiles are right, and so is the same picture in 8 bits.
#
# Expected: the upper bytes of the samples, as in whole tiles and as tifffile reads them.
# Why it matters here: Zstandard goes to OpenSlide, because sharp does not read it. Such slides in 16-bit grey are refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openslide-bin==4.0.1.2 openslide-python==1.4.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
"$folder/venv/bin/python" - "$folder/grey.tif" <<'PY'
import sys
import numpy
import openslide
import tifffile

path = sys.argv[1]
edge = 300
written = numpy.random.default_rng(0).integers(0, 65536, (edge, edge), numpy.uint16)
wrong = {}
for bits, picture in ((16, written), (8, (written >> 8).astype(numpy.uint8))):
    tifffile.imwrite(path, picture, tile=(256, 256), photometric="minisblack", compression="zstd")
    assert (tifffile.imread(path) == picture).all()
    region = openslide.OpenSlide(path).read_region((0, 0), 0, (edge, edge))
    differs = numpy.abs(numpy.asarray(region)[..., 0].astype(int) - (written >> 8)) > 1
    wrong[bits] = (differs[:, :256].mean(), differs[:, 256:].mean())
    print(f"OpenSlide {openslide.__library_version__}, grey of {bits} bits, wrong pixels: whole tiles "
          f"{wrong[bits][0]:.1%}, last column of tiles {wrong[bits][1]:.1%}")
sys.exit(0 if wrong[16][0] == 0 and wrong[16][1] > 0.9 and wrong[8] == (0, 0) else 1)
PY
