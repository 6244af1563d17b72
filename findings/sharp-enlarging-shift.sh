#!/usr/bin/env bash
# sharp 0.35.5 (libvips 8.18.7) moves an image that it enlarges by half a pixel of the result, to the right and down, with every
# kernel. Reduced images stay where they are.
#
# Expected: the centre of the image stays in the centre, as in Pillow, OpenCV and PyTorch.
# Why it matters: training and serving use the same code, so answers do not depend on it, and views are flipped after resizing.
# But pixels of small tiles that are enlarged for a network differ from those of other programs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact sharp@0.35.5 >/dev/null
node - <<'JS'
const sharp = require("sharp");
const CYCLES = 5;
/** By how many pixels of the result a wave is moved from where its centre should be; negative: to the right. */
const shiftOf = async (from, to, kernel) => {
  const wave = Uint8Array.from({ length: from * from }, (_, i) =>
    Math.round(128 + 100 * Math.sin((2 * Math.PI * CYCLES * ((i % from) + 0.5)) / from)),
  );
  const image = sharp(wave, { raw: { width: from, height: from, channels: 1 } });
  const pixels = await image.resize({ width: to, height: to, kernel }).toColourspace("b-w").raw().toBuffer();
  let [sine, cosine] = [0, 0];
  // Whole cycles, away from the edges.
  for (let x = Math.round(to / 5); x < Math.round((4 * to) / 5); x++) {
    const [value, phase] = [pixels[(to >> 1) * to + x] - 128, (2 * Math.PI * CYCLES * (x + 0.5)) / to];
    sine += value * Math.sin(phase);
    cosine += value * Math.cos(phase);
  }
  return (Math.atan2(cosine, sine) * to) / (2 * Math.PI * CYCLES);
};
(async () => {
  let still = true;
  for (const kernel of ["linear", "cubic", "lanczos3"]) {
    const [larger, smaller] = [await shiftOf(100, 224, kernel), await shiftOf(300, 224, kernel)];
    console.log(
      `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, ${kernel}: ` +
        `moved by ${larger.toFixed(2)} pixels from 100 to 224, by ${smaller.toFixed(2)} from 300 to 224`,
    );
    still &&= Math.abs(larger + 0.5) < 0.1 && Math.abs(smaller) < 0.1;
  }
  process.exit(still ? 0 : 1);
})();
JS
