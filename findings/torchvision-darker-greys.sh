#!/usr/bin/env bash
# adjust_saturation and rgb_to_grayscale of torchvision 0.29.2 make white darker in images of bytes: 255 becomes 254, and a grey of 128 becomes 127.
# The weights of red, green and blue that they use for tensors add up to 0.9999, and the product is cut off instead of rounded. The
# same functions keep white and greys in a Pillow image and in a tensor of floats that is rounded afterwards.
#
# Expected: less saturation leaves a pixel without colour as it is.
# Why it matters: the background of slides is white. ColorJitter shifts it by a level in about half of the tiles, each further adjustment
# by one more, and only where images are tensors: a training that moves from Pillow to tensors gets other images. (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchvision==0.29.2 torch==2.15.0 numpy==2.4.6 pillow==13.0.0
"$folder/venv/bin/python" - <<'PY'
import sys
import torch
import torchvision
from PIL import Image
from torchvision.transforms.v2 import functional

GREYS = [64, 128, 200, 254, 255]
half = lambda image: functional.adjust_saturation(image, 0.5)


def as_bytes(change):
    return [change(torch.full((3, 1, 1), grey, dtype=torch.uint8))[0, 0, 0].item() for grey in GREYS]


def as_floats(change):
    return [round(255 * change(torch.full((3, 1, 1), grey / 255))[0, 0, 0].item()) for grey in GREYS]


def as_pillow(change):
    pixels = [change(Image.new("RGB", (1, 1), (grey,) * 3)).getpixel((0, 0)) for grey in GREYS]
    return [pixel[0] if isinstance(pixel, tuple) else pixel for pixel in pixels]


print(f"torchvision {torchvision.__version__}: greys", *GREYS)
darker = [grey - 1 for grey in GREYS]
found = True
for name, change in (("half the saturation", half), ("grey scale", functional.rgb_to_grayscale)):
    of_bytes, of_floats, of_pillow = as_bytes(change), as_floats(change), as_pillow(change)
    print(f"{name}: bytes", *of_bytes, "floats", *of_floats, "Pillow", *of_pillow)
    found &= of_bytes == darker and of_floats == GREYS and of_pillow == GREYS
white = torch.full((3, 1, 1), 255, dtype=torch.uint8)
for _ in range(20):
    white = half(white)
print("white after 20 times half the saturation", white[0, 0, 0].item())
sys.exit(0 if found and white[0, 0, 0].item() == 235 else 1)
PY
