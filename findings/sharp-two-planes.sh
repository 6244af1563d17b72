#!/usr/bin/env bash
# sharp 0.35.5 (libvips 8.18.7) gives wrong pixels for a TIFF of two samples, grey and another one, in a plane each, whose
# strips have several rows. Strips of one row, and three planes of RGB, come out right.
#
# Expected: the samples that were written, as tifffile reads them.
# Why it matters here: no error tells it. This project refuses such images; slides are read plane by plane, which is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile

for planes, kind in ((2, "minisblack"), (3, "rgb")):
    pixels = numpy.random.default_rng(0).integers(0, 256, (planes, 48, 40), numpy.uint8)
    pixels.transpose(1, 2, 0).tofile(f"{planes}.raw")
    for rows in (1, 8, 48):
        path = f"{planes}-{rows}.tif"
        extra = {"extrasamples": ["unspecified"]} if planes == 2 else {}
        tifffile.imwrite(path, pixels, photometric=kind, planarconfig="separate", rowsperstrip=rows, metadata=None, **extra)
        assert (tifffile.imread(path) == pixels).all()
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact sharp@0.35.5 >/dev/null
node - <<'JS'
const { readFileSync } = require("node:fs");
const sharp = require("sharp");
(async () => {
  const wrong = {};
  for (const planes of [2, 3]) {
    const written = readFileSync(`${planes}.raw`);
    for (const rows of [1, 8, 48]) {
      const { data, info } = await sharp(`${planes}-${rows}.tif`).raw().toBuffer({ resolveWithObject: true });
      let count = 0;
      for (let i = 0; i < 48 * 40; i++) count += data[i * info.channels] !== written[i * planes] ? 1 : 0;
      wrong[`${planes}-${rows}`] = count;
      console.log(`libvips ${sharp.versions.vips}, ${planes} planes, strips of ${rows} rows: ${count} of ${48 * 40} pixels are wrong`);
    }
  }
  const { "2-8": some, "2-48": whole, ...right } = wrong;
  process.exit(Math.min(some, whole) > 100 && Object.values(right).every((count) => count === 0) ? 0 : 1);
})();
JS
