#!/usr/bin/env bash
# OpenSlide 4.0.1 mixes neighbouring pixels in a region of a smaller level where the slide's size is no multiple of the level's factor:
# it takes 2049 / 512 = 4.002 for the factor, so no place in pixels of level 0, which it asks for, meets a pixel of the level. Both
# ways to compute the place, with 4 and with its own 4.002, give mixed pixels. In a slide of 2048 pixels the region is right.
#
# Expected: the stored pixels, as OpenSlide gives them when the whole level is read at once, and as tifffile does.
# Why it matters: tiles cut at 10x from a 40x slide are blurred by an amount that depends on their place; a network trained on tiles
# of one reader sees softer ones from the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openslide-bin==4.0.1.2 openslide-python==1.4.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
"$folder/venv/bin/python" - "$folder/slide.tif" <<'PY'
import sys
import numpy
import openslide
import tifffile

path = sys.argv[1]
factor, size, place = 4, 64, 300
small = numpy.random.default_rng(0).integers(0, 256, (512, 512, 3), numpy.uint8)
apart = {}
for edge in (2048, 2049):
    large = numpy.zeros((edge, edge, 3), numpy.uint8)
    large[:2048, :2048] = small.repeat(factor, 0).repeat(factor, 1)
    with tifffile.TiffWriter(path) as writer:
        for picture in (large, small):
            writer.write(picture, tile=(256, 256), photometric="rgb", compression="deflate", subfiletype=int(picture is small))
    stored = tifffile.imread(path, key=1)[place:place + size, place:place + size].astype(int)
    slide = openslide.OpenSlide(path)
    whole = numpy.asarray(slide.read_region((0, 0), 1, (512, 512)))[place:place + size, place:place + size, :3]
    apart[edge] = [float(numpy.abs(whole - stored).max())]
    for corner in (place * factor, round(place * slide.level_downsamples[1])):
        region = numpy.asarray(slide.read_region((corner, corner), 1, (size, size)))[..., :3]
        apart[edge].append(float(numpy.abs(region - stored).mean()))
        print(f"OpenSlide {openslide.__library_version__}, {edge} pixels, level 1 of factor {slide.level_downsamples[1]:.4f}, region "
              f"at {corner}: {apart[edge][-1]:.1f} grey values apart on average; whole level: {apart[edge][0]:.0f}")
sys.exit(0 if apart[2048] == [0, 0, 0] and apart[2049][0] == 0 and min(apart[2049][1:]) > 5 else 1)
PY
