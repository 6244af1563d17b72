#!/usr/bin/env bash
# The Gaussian blur of jimp 1.6.1 blurs rows otherwise than columns, and moves pictures: with radius 1 a square goes down by nearly half
# a pixel. It writes each pixel into the picture from which it still reads the neighbours, even within the sum of that one pixel.
#
# Expected: a square stays where it is and symmetric, as with blur(), the approximation, and with sharp.
# Why it matters: blur is a usual augmentation of tiles and smooths heat maps before they are drawn. Here it has a direction, which a
# network can learn, and its maxima lie elsewhere than those of the predictions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact jimp@1.6.1 sharp@0.35.5 >/dev/null
cat >blur.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Jimp } from "jimp";
import sharp from "sharp";
const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const size = 21;
const middle = (size - 1) / 2;
const pixels = Buffer.alloc(size * size * 4, 255);
for (let place = 0; place < size * size; place++) {
  const inside = Math.max(Math.abs((place % size) - middle), Math.abs(Math.floor(place / size) - middle)) <= 2;
  pixels.fill(inside ? 250 : 0, place * 4, place * 4 + 3);
}

/** Where the centre of mass has moved to, and the largest difference between the picture and its transpose. */
function describe(name, data) {
  let [sum, right, down, uneven] = [0, 0, 0, 0];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const value = data[(y * size + x) * 4];
      sum += value;
      right += value * (x - middle);
      down += value * (y - middle);
      uneven = Math.max(uneven, Math.abs(value - data[(x * size + y) * 4]));
    }
  const [toRight, toBottom] = [right / sum, down / sum];
  console.log(`${name}: moved by ${toRight.toFixed(3)} to the right and ${toBottom.toFixed(3)} down, rows and columns ${uneven} apart`);
  return { toBottom, uneven };
}

function inJimp() {
  const image = new Jimp({ width: size, height: size });
  image.bitmap.data.set(pixels);
  return image;
}
const gaussian = describe(`jimp ${versionOf("jimp")} gaussian(1)`, inJimp().gaussian(1).bitmap.data);
const box = describe(`jimp ${versionOf("jimp")} blur(1)`, inJimp().blur(1).bitmap.data);
const blurred = await sharp(pixels, { raw: { width: size, height: size, channels: 4 } }).blur(1).raw().toBuffer();
const peer = describe(`sharp ${versionOf("sharp")} blur(1)`, blurred);
const right = [box, peer].every(({ toBottom, uneven }) => Math.abs(toBottom) < 1e-3 && uneven <= 1);
process.exit(right && gaussian.toBottom > 0.3 && gaussian.uneven > 10 ? 0 : 1);
JS
node blur.mjs
