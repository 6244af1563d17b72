"""Independent writers and readers of slides: tifffile, OpenSlide's Python and Pillow.

Reads {"folder", "picture": {"path", "width", "height"}, "slides": [path, ...]} as JSON from standard input. Writes the picture
(raw uint8 RGB) as a pyramid in every form that tifffile writes, reads a region of each and the whole of `slides`, and prints
[{"name", "path", "region": [x, y, width, height], "tifffile", "openslide"}]: where the pixels lie, null where a reader cannot
read the form.
"""
import json
import os
import sys

import imagecodecs
import numpy as np
import openslide
import tifffile

task = json.load(sys.stdin)
folder = task["folder"]
REGION = (100, 60, 230, 170)
whole = task["picture"]
pixels = np.fromfile(whole["path"], np.uint8).reshape(whole["height"], whole["width"], 3)
half = pixels[: whole["height"] // 2 * 2, : whole["width"] // 2 * 2].astype(np.uint16)
half = ((half[::2, ::2] + half[1::2, ::2] + half[::2, 1::2] + half[1::2, 1::2] + 2) // 4).astype(np.uint8)

forms = {
    "plain": {},
    "deflate": {"compression": "adobe_deflate"},
    "old deflate": {"compression": "deflate"},
    "deflate, differences": {"compression": "adobe_deflate", "predictor": True},
    "LZW": {"compression": "lzw"},
    "LZW, differences": {"compression": "lzw", "predictor": True},
    "PackBits": {"compression": "packbits"},
    "JPEG, YCbCr 4:2:0": {"compression": "jpeg", "subsampling": (2, 2), "compressionargs": {"level": 85}},
    "JPEG, YCbCr 4:2:2": {"compression": "jpeg", "subsampling": (2, 1), "compressionargs": {"level": 85}},
    "JPEG, YCbCr 4:4:4": {"compression": "jpeg", "subsampling": (1, 1), "compressionargs": {"level": 85}},
    "JPEG, YCbCr 4:4:0": {"upright": True},
    "JPEG, RGB": {"compression": "jpeg", "compressionargs": {"level": 85, "outcolorspace": "rgb"}},
    "WebP, lossless": {"compression": "webp", "compressionargs": {"lossless": True}},
    "Zstandard": {"compression": "zstd"},
    "planes": {"planarconfig": "separate"},
    "planes, deflate": {"planarconfig": "separate", "compression": "adobe_deflate"},
    "16 bits": {"bits": 16, "compression": "adobe_deflate"},
    "16 bits, LZW, differences": {"bits": 16, "compression": "lzw", "predictor": True},
    "16 bits, planes": {"bits": 16, "planarconfig": "separate", "compression": "adobe_deflate"},
    "planes, transparency": {"planarconfig": "separate", "alpha": "unassalpha"},
    "planes, transparency, premultiplied": {"planarconfig": "separate", "alpha": "assocalpha"},
    "big-endian BigTIFF": {"compression": "lzw", "big": True},
    "OME with SubIFDs": {"compression": "jpeg", "compressionargs": {"level": 85}, "ome": True},
}


def with_alpha(level, kind):
    """A level of columns of every opacity."""
    alpha = np.broadcast_to((np.arange(level.shape[1]) % 256)[None, :, None], (*level.shape[:2], 1))
    colours = (level * alpha + 127) // 255 if kind == "assocalpha" else level
    return np.concatenate([colours, alpha], axis=2).astype(np.uint8)


def write(path, bits=8, big=False, ome=False, planarconfig="contig", alpha=None, **form):
    def shaped(level):
        if bits == 16:
            level = level.astype(np.uint16) * 256 + 99
        if alpha:
            level = with_alpha(level.astype(int), alpha)
        return level.transpose(2, 0, 1) if planarconfig == "separate" else level

    common = {"photometric": "rgb", "planarconfig": planarconfig, "tile": (128, 128), **form}
    common["resolution"], common["resolutionunit"] = (20000, 20000), "CENTIMETER"
    if alpha:
        common["extrasamples"] = [alpha]
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=">" if big else "<", ome=ome) as out:
        extra = {"metadata": {"axes": "YXS", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}} if ome else {"metadata": None}
        out.write(shaped(pixels), **common, **extra, **({"subifds": 1} if ome else {}))
        out.write(shaped(half), subfiletype=1, **common, **({} if ome else {"metadata": None}))


def write_upright(path):
    """A pyramid whose colours have half the rows and all columns: tifffile does not encode such tiles, but takes and reads them."""
    side, common = 128, {"photometric": "rgb", "compression": "jpeg", "subsampling": (2, 1), "metadata": None}
    with tifffile.TiffWriter(path) as out:
        for level in (pixels, half):
            height, width = level.shape[:2]
            padded = np.pad(level, ((0, -height % side), (0, -width % side), (0, 0)))
            tiles = [
                imagecodecs.jpeg8_encode(
                    np.ascontiguousarray(padded[y : y + side, x : x + side]),
                    level=85,
                    colorspace="RGB",
                    outcolorspace="YCBCR",
                    subsampling="440",
                )
                for y in range(0, height, side)
                for x in range(0, width, side)
            ]
            out.write(iter(tiles), shape=level.shape, dtype=np.uint8, tile=(side, side), **common)
    with tifffile.TiffFile(path, mode="r+") as file:
        for page in file.pages:
            page.tags["YCbCrSubSampling"].overwrite((1, 2))


def by_tifffile(path, x, y, width, height):
    page = tifffile.TiffFile(path).pages[0]
    image = page.asarray()
    if image.ndim == 3 and image.shape[0] <= 4:
        image = image.transpose(1, 2, 0)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.shape[2] == 4:
        colours, alpha = image[..., :3].astype(int), image[..., 3:].astype(int)
        if page.extrasamples[0] == 2:
            colours = (colours * alpha + 127) // 255
        image = (colours + 255 - alpha).astype(np.uint8)
    return image[y : y + height, x : x + width, :3]


def by_openslide(path, x, y, width, height):
    image = np.asarray(openslide.OpenSlide(path).read_region((x, y), 0, (width, height))).astype(int)
    alpha = image[..., 3:]
    return ((image[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def read(reader, path, region, name):
    try:
        image = reader(path, *region)
    except Exception:  # a form that this reader does not know
        return None
    out = os.path.join(folder, f"{name}.raw")
    np.ascontiguousarray(image).tofile(out)
    return out


made = []
for number, (name, form) in enumerate(forms.items()):
    path = os.path.join(folder, f"{number}.tif")
    if "upright" in form:
        write_upright(path)
    else:
        write(path, **form)
    made.append((name, path, REGION))
for path in task["slides"]:
    made.append((os.path.basename(path), path, (0, 0, *openslide.OpenSlide(path).dimensions)))
answers = []
for number, (name, path, region) in enumerate(made):
    readers = {"tifffile": by_tifffile, "openslide": by_openslide}
    pixels = {reader: read(by, path, region, f"{number}-{reader}") for reader, by in readers.items()}
    answers.append({"name": name, "path": path, "region": region, **pixels})
print(json.dumps(answers))
