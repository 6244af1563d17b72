#!/usr/bin/env bash
# geotiff.js 3.0.5 reads other values from a big-endian TIFF with a predictor if they have more than 8 bits: it undoes the differences of
# 16-bit values, and puts together the bytes of floating-point ones, as if the file were little-endian.
#
# Expected: the values that were written, as from the same file without a predictor, from a little-endian one, and by tifffile.
# Why it matters: programs in Java write big-endian by habit, and with LZW or deflate the predictor is a usual option. The picture is
# noise, without an error. This project reads such files with sharp, which gets them right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
venv/bin/python - <<'PY'
import numpy
import tifffile

grey = (numpy.arange(64 * 64).reshape(64, 64) % 997 * 60).astype(numpy.uint16)
for kind, picture in (("uint16", grey), ("float32", grey.astype(numpy.float32) / 7)):
    picture.tofile(f"{kind}.raw")
    for order in ("little", "big"):
        for predictor in (False, True):
            name = f"{kind}-{order}-{'differences' if predictor else 'plain'}.tif"
            byteorder = ">" if order == "big" else "<"
            tifffile.imwrite(name, picture, byteorder=byteorder, compression="zlib", predictor=predictor)
            assert (tifffile.imread(name) == picture).all()
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact geotiff@3.0.5 >/dev/null
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { fromArrayBuffer } from "geotiff";
const { version } = JSON.parse(readFileSync("node_modules/geotiff/package.json", "utf8"));
const exact = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length);
let asStated = true;
for (const [kind, Values] of [["uint16", Uint16Array], ["float32", Float32Array]]) {
  const written = new Values(exact(readFileSync(`${kind}.raw`)));
  for (const name of ["little-plain", "little-differences", "big-plain", "big-differences"]) {
    const image = await (await fromArrayBuffer(exact(readFileSync(`${kind}-${name}.tif`)))).getImage();
    const [read] = await image.readRasters();
    const wrong = written.filter((value, i) => value !== read[i]).length / written.length;
    console.log(`geotiff.js ${version}, ${kind}, ${name}: ${Math.round(wrong * 100)} % of the values are wrong`);
    asStated &&= name === "big-differences" ? wrong > 0.5 : wrong === 0;
  }
}
process.exit(asStated ? 0 : 1);
JS
node read.mjs
