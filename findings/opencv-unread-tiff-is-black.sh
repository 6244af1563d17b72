#!/usr/bin/env bash
# OpenCV 5.0.0 returns a black image for a tiled TIFF whose compression it does not know (JPEG 2000), and only prints a message.
#
# Expected: None, as its documentation promises for unsupported formats, and as it does for a compression that is known and not
# built in (WebP).
# Why it matters: JPEG 2000 is usual in slides. A loader that checks for None trains on black tiles with real labels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
"$folder/venv/bin/python" - "$folder/tile.tif" <<'PY'
import sys
import cv2
import numpy
import tifffile

path = sys.argv[1]
written = numpy.random.default_rng(0).integers(1, 256, (256, 256, 3), numpy.uint8)
answers = {}
for compression in ("deflate", "webp", "jpeg2000"):
    tifffile.imwrite(path, written, tile=(128, 128), photometric="rgb", compression=compression)
    mean = tifffile.imread(path).mean()
    image = cv2.imread(path)
    answers[compression] = None if image is None else float(image.mean())
    print(f"{compression}: mean {mean:.1f} by tifffile {tifffile.__version__}, {answers[compression]} by OpenCV {cv2.__version__}")
sys.exit(0 if answers["deflate"] > 100 and answers["webp"] is None and answers["jpeg2000"] == 0 else 1)
PY
