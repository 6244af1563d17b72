"""Writes images in every form that Pillow, tifffile and imagecodecs can write, and reads each with two independent readers.

Called with a folder. Writes `NAME.EXT`, `NAME.EXT.1` and `NAME.EXT.2` (raw RGB of the first and of the second reader, where it can)
and `cases.json`: a list of {file, container, axis, value, readers: [null or reason, null or reason]}. Files that are in
`more.json` already, a list of {file, container, axis, value}, are read too.
"""
import io
import json
import struct
import sys
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from independent_readers import both
from PIL import Image, ImageCms

FOLDER = Path(sys.argv[1])
WIDTH, HEIGHT = 48, 32


def texture():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    waves = [np.sin(x / 7 + c) * np.cos(y / 5 - c) for c in range(3)]
    return np.stack([np.clip(165 - 25 * c + 70 * wave, 0, 255) for c, wave in enumerate(waves)], -1).astype(np.uint8)


RGB = texture()
GREY = RGB[..., 1].copy()
ALPHA = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
cases = []


def add(file, container, axis, value, content=None):
    if content is not None:
        (FOLDER / file).write_bytes(content)
    cases.append({"file": file, "container": container, "axis": axis, "value": value})


def deep(values):
    return values.astype(np.uint16) * 257


def name_of(text):
    return "".join(c if c.isalnum() else "-" for c in text)


def tiff(axis, value, data, **options):
    file = f"tiff-{name_of(axis)}-{name_of(value)}.tif"
    options.setdefault("photometric", "rgb")
    options.setdefault("metadata", None)
    writer = {key: options.pop(key) for key in ("byteorder", "bigtiff") if key in options}
    pages = options.pop("pages", 1)
    try:
        with tifffile.TiffWriter(FOLDER / file, **writer) as out:
            for _ in range(pages):
                out.write(data, **options)
                data = np.zeros_like(data)
    except Exception as error:  # what the writer cannot write is no case
        print(f"{file}: {error}", file=sys.stderr)
        (FOLDER / file).unlink(missing_ok=True)
        return
    add(file, "TIFF", axis, value)


def renumber_tag(content, old, new):
    """Gives a tag of the first page another number; the order of the numbers must stay."""
    start = struct.unpack("<I", content[4:8])[0]
    for i in range(struct.unpack("<H", content[start : start + 2])[0]):
        at = start + 2 + 12 * i
        if struct.unpack("<H", content[at : at + 2])[0] == old:
            return content[:at] + struct.pack("<H", new) + content[at + 2 :]
    raise KeyError(old)


def tiff_of(data, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, data, metadata=None, **options)
    return out.getvalue()


def profile(gamma, primaries):
    """A small ICC profile: one gamma, three primaries as XYZ of D50."""
    def s15(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(s15(v) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + b"\0" * 78
    white = xyz((0.9642, 1.0, 0.8249))
    if primaries is None:
        tags = [(b"desc", text), (b"wtpt", white), (b"kTRC", curve), (b"cprt", b"text\0\0\0\0x\0\0\0")]
    else:
        tags = [(b"desc", text), (b"wtpt", white), (b"cprt", b"text\0\0\0\0x\0\0\0")]
        tags += [(key, xyz(p)) for key, p in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries)]
        tags += [(key, curve) for key in (b"rTRC", b"gTRC", b"bTRC")]
    body, table, at = b"", b"", 132 + 12 * len(tags)
    for key, content in tags:
        content += b"\0" * (-len(content) % 4)
        table += key + struct.pack(">II", at, len(content))
        body += content
        at += len(content)
    space = b"GRAY" if primaries is None else b"RGB "
    head = struct.pack(">I4sI4s4s4s", at, b"\0\0\0\0", 0x02400000, b"mntr", space, b"XYZ ")
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1.0) + s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


ADOBE = profile(2.2, ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)))
SWAPPED = profile(1.8, ((0.3851, 0.7169, 0.0971), (0.4361, 0.2225, 0.0139), (0.1431, 0.0606, 0.7141)))
GREY_GAMMA = profile(1.0, None)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROFILES = {"sRGB": SRGB, "Adobe RGB": ADOBE, "red and green exchanged": SWAPPED}


def write_tiffs():
    tiff("photometric interpretation", "RGB", RGB)
    tiff("photometric interpretation", "black is zero", GREY, photometric="minisblack")
    tiff("photometric interpretation", "white is zero", 255 - GREY, photometric="miniswhite")
    colormap = np.stack([np.arange(256), 255 - np.arange(256), (np.arange(256) * 3) % 256]).astype(np.uint16) * 257
    tiff("photometric interpretation", "palette", GREY, photometric="palette", colormap=colormap)
    cmyk = np.dstack([255 - RGB, GREY // 3])
    tiff("photometric interpretation", "CMYK", cmyk, photometric="separated")
    tiff("photometric interpretation", "YCbCr in JPEG", RGB, photometric="ycbcr", compression="jpeg", compressionargs={"level": 100})
    tiff("photometric interpretation", "YCbCr in JPEG, subsampled", RGB, photometric="ycbcr", compression="jpeg", subsampling=(2, 2), compressionargs={"level": 100})
    tiff("photometric interpretation", "YCbCr without JPEG", RGB, photometric="ycbcr")
    tiff("photometric interpretation", "YCbCr without JPEG, LZW", RGB, photometric="ycbcr", compression="lzw")
    tiff("photometric interpretation", "CIELAB 8 bits", RGB, photometric="cielab")
    tiff("photometric interpretation", "CIELAB 16 bits", deep(RGB), photometric="cielab")
    tiff("photometric interpretation", "ICCLAB", RGB, photometric="icclab")
    tiff("photometric interpretation", "ITULAB", RGB, photometric="itulab")
    tiff("photometric interpretation", "LogLuv", RGB.astype(np.float32), photometric=32845)
    tiff("photometric interpretation", "colour filter array", GREY, photometric=32803)
    tiff("photometric interpretation", "linear raw", RGB, photometric=34892)
    tiff("photometric interpretation", "mask", GREY > 128, photometric=4)

    for kind in ("int8", "int16", "int32", "uint32", "uint64", "float16", "float32", "float64", "complex64"):
        tiff("sample format", f"{kind} RGB", RGB.astype(kind))
        tiff("sample format", f"{kind} grey", GREY.astype(kind), photometric="minisblack")

    tiff("bits", "1 grey", GREY > 128, photometric="minisblack")
    tiff("bits", "1 white is zero", GREY > 128, photometric="miniswhite")
    for bits in (2, 4, 6, 8):
        tiff("bits", f"{bits} grey", GREY >> (8 - bits), photometric="minisblack", bitspersample=bits)
    for bits in (10, 12, 14, 16):
        tiff("bits", f"{bits} grey", deep(GREY) >> (16 - bits), photometric="minisblack", bitspersample=bits)
        tiff("bits", f"{bits} RGB", deep(RGB) >> (16 - bits), bitspersample=bits)
    for bits in (2, 4):
        tiff("bits", f"{bits} RGB", RGB >> (8 - bits), bitspersample=bits)
        tiff("bits", f"{bits} white is zero", GREY >> (8 - bits), photometric="miniswhite", bitspersample=bits)
        step = np.arange(2**bits).astype(np.uint16) * (65535 // (2**bits - 1))
        tiff("bits", f"{bits} palette", GREY >> (8 - bits), photometric="palette", bitspersample=bits, colormap=np.stack([step, step[::-1], step]))
    tiff("bits", "16 white is zero", 65535 - deep(GREY), photometric="miniswhite")
    tiff("bits", "16 CMYK", deep(cmyk), photometric="separated")
    tiff("bits", "24 grey", GREY.astype(np.uint32) << 16, photometric="minisblack", bitspersample=24)

    planes = np.moveaxis(RGB, -1, 0)
    for layout, options in {"strips": {}, "small strips": {"rowsperstrip": 5}, "tiles": {"tile": (16, 16)}}.items():
        tiff("planar form", f"together, {layout}", RGB, **options)
        tiff("planar form", f"a plane each, {layout}", planes, planarconfig="separate", **options)
        tiff("planar form", f"a plane each, {layout}, 16 bits", deep(planes), planarconfig="separate", **options)
        tiff("planar form", f"a plane each, {layout}, LZW", planes, planarconfig="separate", compression="lzw", **options)

    for scheme in ("lzw", "zlib", "adobe_deflate", "packbits", "zstd", "lzma", "lerc", "webp", "jpeg2000", "jpegxl", "jpegxr", "png", "jetraw", "packints"):
        tiff("compression", scheme, RGB, compression=scheme, **({"compressionargs": {"lossless": True}} if scheme in ("webp", "jpegxl") else {}))
        tiff("compression", f"{scheme}, tiles", RGB, compression=scheme, tile=(16, 16))
    tiff("compression", "JPEG of RGB", RGB, compression="jpeg", compressionargs={"level": 100})
    tiff("compression", "JPEG grey", GREY, photometric="minisblack", compression="jpeg", compressionargs={"level": 100})
    for scheme in ("lzw", "zlib"):
        tiff("compression", f"{scheme} with differences", RGB, compression=scheme, predictor=True)
        tiff("compression", f"{scheme} with differences, 16 bits", deep(RGB), compression=scheme, predictor=True)
    for scheme in ("group3", "group4", "tiff_lzw", "packbits"):
        out = io.BytesIO()
        Image.fromarray(GREY > 128).save(out, "TIFF", compression=scheme)
        add(f"tiff-bilevel-{scheme}.tif", "TIFF", "compression", f"1 bit, {scheme.replace('tiff_', '')}", out.getvalue())

    for value, extra in {"none said (0)": 0, "associated (1)": 1, "separate (2)": 2}.items():
        colour = (RGB.astype(float) * ALPHA[..., None] / 255).round().astype(np.uint8) if extra == 1 else RGB
        tiff("fourth sample", f"RGB, {value}", np.dstack([colour, ALPHA]), extrasamples=[extra])
        tiff("fourth sample", f"RGB, {value}, 16 bits", deep(np.dstack([colour, ALPHA])), extrasamples=[extra])
        tiff("fourth sample", f"grey, {value}", np.dstack([colour[..., 1], ALPHA]), photometric="minisblack", planarconfig="contig", extrasamples=[extra])
    tiff("fourth sample", "RGB, two more", np.dstack([RGB, ALPHA, ALPHA]), extrasamples=[0, 0])
    tiff("fourth sample", "CMYK and alpha", np.dstack([cmyk, ALPHA]), photometric="separated", extrasamples=[2])

    for value, icc in PROFILES.items():
        tiff("colour profile", value, RGB, iccprofile=icc)
        tiff("colour profile", f"{value}, 16 bits", deep(RGB), iccprofile=icc)
        tiff("colour profile", f"{value}, alpha", np.dstack([RGB, ALPHA]), iccprofile=icc, extrasamples=[2])
    tiff("colour profile", "grey of gamma 1", GREY, photometric="minisblack", iccprofile=GREY_GAMMA)
    tiff("colour profile", "of grey, in RGB", RGB, iccprofile=GREY_GAMMA)
    tiff("colour profile", "of RGB, in grey", GREY, photometric="minisblack", iccprofile=ADOBE)
    tiff("colour profile", "damaged", RGB, iccprofile=ADOBE[:200])

    for turn in range(1, 9):
        tiff("orientation", str(turn), RGB, extratags=[(274, 3, 1, turn, True)])
    for value, options in {"little-endian": {"byteorder": "<"}, "big-endian": {"byteorder": ">"}, "BigTIFF": {"bigtiff": True}, "big-endian BigTIFF": {"bigtiff": True, "byteorder": ">"}}.items():
        tiff("file", value, RGB, **options)
        tiff("file", f"{value}, 16 bits", deep(RGB), **options)
    tiff("file", "several pages", RGB, pages=3)
    tiff("file", "tiles larger than the image", RGB[:20, :20], tile=(32, 32))
    tiff("file", "1 pixel", RGB[:1, :1])
    turned_bits = np.packbits(np.unpackbits(RGB[..., None], axis=-1)[..., ::-1], axis=-1)[..., 0]
    content = tiff_of(turned_bits, photometric="rgb", extratags=[(269, 3, 1, 2, True)])
    add("tiff-fill-order.tif", "TIFF", "file", "bits turned (FillOrder 2)", renumber_tag(content, 269, 266))
    add("tiff-no-colours.tif", "TIFF", "photometric interpretation", "not said", renumber_tag(tiff_of(RGB, photometric="rgb"), 262, 261))
    add("tiff-old-jpeg.tif", "TIFF", "compression", "JPEG of the old kind (6)", old_jpeg())
    tiff("colour profile", "grey of gamma 1, 16 bits", deep(GREY), photometric="minisblack", iccprofile=GREY_GAMMA)

    for mode, compression in (("RGB", "tiff_lzw"), ("RGBA", "tiff_deflate"), ("L", "raw"), ("LA", "raw"), ("P", "raw"), ("CMYK", "tiff_lzw"), ("LAB", "raw"), ("YCbCr", "raw"), ("I;16", "raw"), ("1", "raw"), ("F", "raw"), ("I", "raw")):
        image = Image.fromarray(deep(GREY)) if mode == "I;16" else Image.fromarray(RGB).convert(mode if mode != "LAB" else "RGB")
        if mode == "LAB":
            srgb = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, srgb, ImageCms.createProfile("LAB"), outputMode="LAB")
        if mode in ("RGBA", "LA"):
            image.putalpha(Image.fromarray(ALPHA))
        out = io.BytesIO()
        image.save(out, "TIFF", compression=compression)
        add(f"pillow-{name_of(mode)}.tif", "TIFF", "written by Pillow", mode, out.getvalue())


def old_jpeg():
    stream = imagecodecs.jpeg8_encode(RGB, level=100, subsampling="444")
    tags = [(256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 3, 8), (259, 3, 1, 6), (262, 3, 1, 6), (273, 4, 1, 0)]
    tags += [(277, 3, 1, 3), (278, 4, 1, HEIGHT), (279, 4, 1, len(stream)), (513, 4, 1, 0), (514, 4, 1, len(stream)), (530, 3, 2, 0x10001)]
    end = 8 + 2 + 12 * len(tags) + 4
    entries = b""
    for code, kind, count, value in tags:
        value = {258: end, 273: end + 6, 513: end + 6}.get(code, value)
        entries += struct.pack("<HHII", code, kind, count, value)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + b"\0\0\0\0" + struct.pack("<HHH", 8, 8, 8) + stream


def png_chunks(header, rows, chunks=(), after=()):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    body = b"".join(chunk(k, c) for k, c in chunks)
    end = b"".join(chunk(k, c) for k, c in after)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IDAT", zlib.compress(rows)) + end + chunk(b"IEND", b"")


def png(axis, value, samples, bits, colour, chunks=(), after=()):
    samples = samples.reshape(HEIGHT, -1)
    if bits == 16:
        rows = [b"\0" + row.astype(">u2").tobytes() for row in samples]
    else:
        rows = []
        for row in samples:
            digits = np.array([[(v >> b) & 1 for b in range(bits - 1, -1, -1)] for v in row]).ravel()
            rows.append(b"\0" + np.packbits(digits).tobytes())
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, 0)
    add(f"png-{name_of(axis)}-{name_of(value)}.png", "PNG", axis, value, png_chunks(header, b"".join(rows), chunks, after))


def write_pngs():
    for bits in (1, 2, 4, 8):
        png("bits", f"{bits} grey", GREY >> (8 - bits), bits, 0)
        palette = np.arange(2**bits) * 255 // (2**bits - 1)
        plte = np.stack([palette, palette[::-1], palette // 2], -1).astype(np.uint8).tobytes()
        png("bits", f"{bits} palette", GREY >> (8 - bits), bits, 3, [(b"PLTE", plte)])
        png("alpha", f"palette of {bits} bits", GREY >> (8 - bits), bits, 3, [(b"PLTE", plte), (b"tRNS", bytes(range(0, 2**bits))[:2])])
    png("bits", "16 grey", deep(GREY), 16, 0)
    png("bits", "8 RGB", RGB, 8, 2)
    png("bits", "16 RGB", deep(RGB), 16, 2)
    png("alpha", "grey", np.dstack([GREY, ALPHA]), 8, 4)
    png("alpha", "grey, 16 bits", deep(np.dstack([GREY, ALPHA])), 16, 4)
    png("alpha", "RGB", np.dstack([RGB, ALPHA]), 8, 6)
    png("alpha", "RGB, 16 bits", deep(np.dstack([RGB, ALPHA])), 16, 6)
    png("alpha", "one grey level", GREY, 8, 0, [(b"tRNS", struct.pack(">H", int(GREY[0, 0])))])
    png("alpha", "one colour", RGB, 8, 2, [(b"tRNS", struct.pack(">HHH", *map(int, RGB[0, 0])))])
    for value, icc in PROFILES.items():
        iccp = [(b"iCCP", b"x\0\0" + zlib.compress(icc))]
        png("colour profile", value, RGB, 8, 2, iccp)
        png("colour profile", f"{value}, 16 bits", deep(RGB), 16, 2, iccp)
        png("colour profile", f"{value}, alpha", np.dstack([RGB, ALPHA]), 8, 6, iccp)
    png("colour profile", "grey of gamma 1", GREY, 8, 0, [(b"iCCP", b"x\0\0" + zlib.compress(GREY_GAMMA))])
    png("colour profile", "grey of gamma 1, 16 bits", deep(GREY), 16, 0, [(b"iCCP", b"x\0\0" + zlib.compress(GREY_GAMMA))])
    png("colour profile", "none, but gamma 1 (gAMA)", RGB, 8, 2, [(b"gAMA", struct.pack(">I", 100000))])
    png("colour profile", "none, but sRGB", RGB, 8, 2, [(b"sRGB", b"\0")])
    for turn in range(1, 9):
        exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", turn) + b"\0\0\0\0\0\0"
        png("orientation", str(turn), RGB, 8, 2, [(b"eXIf", exif)])
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    add("png-animated.png", "PNG", "file", "animated", out.getvalue())


def jpeg(axis, value, mode="RGB", data=RGB, **options):
    out = io.BytesIO()
    Image.fromarray(data).convert(mode).save(out, "JPEG", quality=options.pop("quality", 100), **options)
    add(f"jpeg-{name_of(axis)}-{name_of(value)}.jpg", "JPEG", axis, value, out.getvalue())


def exif_of(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def write_jpegs_and_webps():
    jpeg("colours", "grey", "L")
    jpeg("colours", "CMYK", "CMYK")
    for value, subsampling in {"YCbCr 4:4:4": 0, "YCbCr 4:2:2": 1, "YCbCr 4:2:0": 2}.items():
        jpeg("colours", value, subsampling=subsampling)
    for value, options in {"RGB": {"colorspace": "RGB", "outcolorspace": "RGB"}, "12 bits": {"bitspersample": 12}}.items():
        data = RGB if value != "12 bits" else (deep(RGB) >> 4)
        try:
            add(f"jpeg-colours-{name_of(value)}.jpg", "JPEG", "colours", value, imagecodecs.jpeg8_encode(data, level=100, **options))
        except Exception as error:
            print(f"{value}: {error}", file=sys.stderr)
    jpeg("file", "progressive", progressive=True)
    jpeg("file", "optimized", optimize=True)
    jpeg("file", "restart markers", restart_marker_rows=1)
    for value, icc in PROFILES.items():
        jpeg("colour profile", value, icc_profile=icc, subsampling=0)
    jpeg("colour profile", "grey of gamma 1", "L", icc_profile=GREY_GAMMA)
    for turn in range(1, 9):
        jpeg("orientation", str(turn), exif=exif_of(turn), subsampling=0)

    for axis, value, data, options in [
        ("colours", "without loss", RGB, {"lossless": True}),
        ("colours", "lossy", RGB, {"quality": 95}),
        ("alpha", "without loss", np.dstack([RGB, ALPHA]), {"lossless": True, "exact": True}),
        ("alpha", "lossy", np.dstack([RGB, ALPHA]), {"quality": 95, "exact": True}),
        *[("colour profile", name, RGB, {"lossless": True, "icc_profile": icc}) for name, icc in PROFILES.items()],
        *[("orientation", str(turn), RGB, {"lossless": True, "exif": exif_of(turn)}) for turn in range(1, 9)],
    ]:
        out = io.BytesIO()
        Image.fromarray(data).save(out, "WEBP", **options)
        add(f"webp-{name_of(axis)}-{name_of(value)}.webp", "WebP", axis, value, out.getvalue())
    out = io.BytesIO()
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    add("webp-animated.webp", "WebP", "file", "animated", out.getvalue())


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_tiffs()
    write_pngs()
    write_jpegs_and_webps()
    more = FOLDER / "more.json"
    if more.exists():
        cases.extend(json.loads(more.read_text()))
    for case in cases:
        case["readers"] = both(FOLDER / case["file"])
    (FOLDER / "cases.json").write_text(json.dumps(cases))


main()
