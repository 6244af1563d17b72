"""Takes the C++ part out of TensorFlow's wheel, and the libraries out of NVIDIA's.

unpack-wheels.py WHEELS OUT      unpacks every wheel of a folder
unpack-wheels.py --extra NAME W  prints what the wheel W requires for the extra NAME, one requirement a line
"""

import pathlib
import re
import sys
import zipfile

WANTED = re.compile(
    r"tensorflow/include/.*|tensorflow/libtensorflow_(cc|framework)[^/]*(so|dylib)[^/]*|nvidia/[^/]+/lib/.*"
)


def unpack(wheels: pathlib.Path, out: pathlib.Path) -> None:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(out, [name for name in archive.namelist() if WANTED.fullmatch(name)])


def requirements(wheel: str, extra: str) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    marker = re.compile(rf"Requires-Dist: ([^;]+);.*extra == [\"']{extra}[\"']")
    return [match[1].replace(" ", "") for line in lines if (match := marker.match(line))]


if __name__ == "__main__":
    if sys.argv[1] == "--extra":
        print("\n".join(requirements(sys.argv[3], sys.argv[2])))
    else:
        unpack(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
