"""Two independent readers of images: Pillow, and tifffile or imagecodecs. They give 8-bit sRGB, laid on white.

Called with a folder: reads the files that `files.json` names and writes the RGB of the first and of the second reader beside each
(`NAME.1`, `NAME.2`), and `readers.json`: for each file why a reader could not read it, or null.
"""
import io
import json
import resource
import signal
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, ImageOps


class Unreadable(Exception):
    pass


def on_white(colour, alpha):
    share = alpha.astype(float)[..., None] / 255
    return (colour * share + 255 * (1 - share)).round().astype(np.uint8)


def to_srgb(image, icc):
    try:
        return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image.convert("RGB")  # a profile that does not fit or cannot be read counts as none


def rgb_of(array, icc=None, alpha=None, mode="RGB"):
    """uint8 colours, grey, RGB or CMYK, to sRGB on white."""
    if icc:
        colour = np.asarray(to_srgb(Image.fromarray(array, mode), icc))
    elif mode == "CMYK":
        c, k = array[..., :3].astype(float), array[..., 3:].astype(float)
        colour = ((255 - c) * (255 - k) / 255).round().astype(np.uint8)
    else:
        colour = np.repeat(array[..., None], 3, -1) if array.ndim == 2 else array
    return colour if alpha is None else on_white(colour, alpha)


def with_pillow(path):
    image = Image.open(path)
    image.load()
    icc = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        return rgb_of((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8), icc, mode="L")
    if image.mode in ("I", "F", "LAB", "HSV"):
        raise Unreadable(f"mode {image.mode}")
    if image.mode == "1":
        image = image.convert("L")
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA"):
        image = image.convert("RGBA")
        pixels = np.asarray(image)
        return rgb_of(pixels[..., :3].copy(), icc, pixels[..., 3])
    if image.mode in ("P", "YCbCr"):
        image = image.convert("RGB")
    return rgb_of(np.asarray(image), icc, mode=image.mode)


def turned(array, orientation):
    for step in {2: "x", 3: "xy", 4: "y", 5: "t", 6: "tx", 7: "txy", 8: "ty"}.get(orientation, ""):
        array = array.swapaxes(0, 1) if step == "t" else array[:, ::-1] if step == "x" else array[::-1]
    return np.ascontiguousarray(array)


def with_tifffile(path):
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        array = page.asarray()
        kind, photometric, bits = array.dtype.kind, int(page.photometric), page.bitspersample
        if page.planarconfig == 2 and array.ndim == 3:
            array = np.moveaxis(array, 0, -1)
        if kind not in "ub" or bits > 16:
            raise Unreadable(f"type {array.dtype}, {bits} bits")
        icc = page.iccprofile
        extra = [int(e) for e in page.extrasamples]
        colormap = page.colormap
        orientation = page.tags[274].value if 274 in page.tags else 1
    if photometric == 3:
        array = (np.moveaxis(colormap, 0, -1)[array] >> 8).astype(np.uint8)
    elif bits == 16:
        array = (array >> 8).astype(np.uint8)
    elif bits != 8:
        array = (array.astype(float) * 255 / (2**bits - 1)).round().astype(np.uint8)
    if photometric == 0:
        array = 255 - array
    if photometric == 6 and page.compression not in (6, 7):
        raise Unreadable("YCbCr is left as it is")
    if photometric not in (0, 1, 2, 3, 5, 6):
        raise Unreadable(f"photometric interpretation {photometric}")
    colours = {0: 1, 1: 1, 5: 4}.get(photometric, 3)
    alpha = None
    if array.ndim == 3:
        if array.shape[-1] > colours + 1:
            raise Unreadable(f"{array.shape[-1]} samples")
        if array.shape[-1] == colours + 1 and extra and extra[0] in (1, 2):
            alpha = array[..., colours]
        array = array[..., :colours]
        if alpha is not None and extra[0] == 1:
            array = np.clip(array.astype(float) * 255 / np.maximum(alpha, 1)[..., None], 0, 255).round().astype(np.uint8)
        array = array[..., 0] if colours == 1 else array
    mode = {1: "L", 4: "CMYK"}.get(colours, "RGB")
    return turned(rgb_of(np.ascontiguousarray(array), icc, alpha, mode), orientation)


def with_imagecodecs(path):
    content = path.read_bytes()
    with Image.open(path) as image:  # for what lies beside the pixels
        icc, orientation = image.info.get("icc_profile"), image.getexif().get(0x0112, 1)
    if path.suffix == ".png":
        array = imagecodecs.png_decode(content)
    elif path.suffix == ".webp":
        array = imagecodecs.webp_decode(content)
    else:
        array = imagecodecs.jpeg8_decode(content, outcolorspace=None)
        if array.ndim == 3 and array.shape[-1] == 4:
            array = 255 - array  # as Adobe writes them
            return turned(rgb_of(array, icc, mode="CMYK"), orientation)
    if array.dtype == np.uint16:
        array = (array >> (4 if "12-bits" in path.name else 8)).astype(np.uint8)
    if array.ndim == 2:
        return turned(rgb_of(array, icc, mode="L"), orientation)
    alpha = array[..., -1] if array.shape[-1] in (2, 4) else None
    colour = array[..., 0] if array.shape[-1] < 3 else array[..., :3]
    mode = "L" if colour.ndim == 2 else "RGB"
    return turned(rgb_of(np.ascontiguousarray(colour), icc, alpha, mode), orientation)


def both(path):
    """Writes what each reader gives; returns why it gave nothing, or None."""
    problems = []
    for number, read in enumerate((with_pillow, with_tifffile if path.suffix == ".tif" else with_imagecodecs), 1):
        try:
            signal.alarm(10)
            pixels = np.ascontiguousarray(read(path))
            assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8, (pixels.shape, pixels.dtype)
            Path(f"{path}.{number}").write_bytes(pixels.tobytes())
            problems.append(None)
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}"[:120])
        finally:
            signal.alarm(0)
    return problems


def too_long(*_):
    raise TimeoutError("10 s")


signal.signal(signal.SIGALRM, too_long)
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    found = {name: both(folder / name) for name in json.loads((folder / "files.json").read_text())}
    (folder / "readers.json").write_text(json.dumps(found))
