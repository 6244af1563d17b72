#!/usr/bin/env bash
# image-js 1.7.0 (with tiff 7.1.3) decodes a tiled RGB TIFF to wrong pixels without an error: each pixel has its red value,
# but green and blue are 0. Signed 16-bit values come out as if they were unsigned.
#
# Expected: the pixels that were written, as from the same picture in strips and by tifffile; an error if tiles are not supported.
# Why it matters: slides are tiled TIFFs. A page that shows or measures a region sees red tissue on a red ground.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile

colours = numpy.broadcast_to(numpy.array([200, 120, 180], numpy.uint8), (64, 64, 3))
tifffile.imwrite("strips.tif", colours, photometric="rgb")
tifffile.imwrite("tiles.tif", colours, photometric="rgb", tile=(32, 32))
tifffile.imwrite("signed.tif", numpy.full((64, 64), -5, numpy.int16))
for name in ("strips", "tiles"):
    assert (tifffile.imread(f"{name}.tif") == colours).all()
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact image-js@1.7.0 tiff@7.1.3 >/dev/null
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { decode } from "image-js";
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const { log } = console;
console.log = () => {}; // The decoder prints the number of tiles.
const read = Object.fromEntries(["strips", "tiles", "signed"].map((name) => [name, decode(readFileSync(`${name}.tif`)).getPixel(40, 40)]));
console.log = log;
console.log(`image-js ${version("image-js")}, tiff ${version("tiff")}: strips ${read.strips}, tiles ${read.tiles}, -5 is ${read.signed}`);
process.exit(`${read.strips}` === "200,120,180" && `${read.tiles}` === "200,0,0" && `${read.signed}` === "65531" ? 0 : 1);
JS
node read.mjs
