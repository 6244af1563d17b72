#!/usr/bin/env bash
# sharp 0.35.5 gives other colours for a 16-bit RGB image that carries an sRGB profile than for the same image without one,
# though sRGB is asked for: with a profile 16-bit images are brought to Display P3. 8-bit images come out alike.
#
# Expected: a profile of sRGB changes nothing when the result is to be sRGB.
# Why it matters here: microscopes write 16-bit TIFFs with profiles, and a model sees other stains. This project reads such
# images to 8 bits with their profile kept first, and tests that against two other readers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile
from PIL import ImageCms

profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
for name, kind, scale in (("8", numpy.uint8, 1), ("16", numpy.uint16, 257)):
    colour = (numpy.array([200, 60, 120]) * scale).astype(kind)
    pixels = numpy.broadcast_to(colour, (16, 16, 3))
    tifffile.imwrite(f"{name}.tif", pixels, photometric="rgb", iccprofile=profile)
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact sharp@0.35.5 >/dev/null
node - <<'JS'
const sharp = require("sharp");
const first = async (file, options) => {
  const raw = await sharp(file, options).toColourspace("srgb").raw({ depth: "uchar" }).toBuffer();
  return [...raw.subarray(0, 3)];
};
(async () => {
  const apart = {};
  for (const name of ["8", "16"]) {
    const [used, ignored] = [await first(`${name}.tif`), await first(`${name}.tif`, { ignoreIcc: true })];
    apart[name] = Math.max(...used.map((value, i) => Math.abs(value - ignored[i])));
    console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, ${name} bits: ${used} with the profile, ${ignored} without`);
  }
  process.exit(apart["8"] <= 2 && apart["16"] > 5 ? 0 : 1);
})();
JS
