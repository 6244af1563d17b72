#!/usr/bin/env bash
# jimp 1.6.1 makes a picture of other pixels than it is given: of a part of an array, fromBitmap takes the whole memory behind it from
# its beginning. Of two tiles in one array, both pictures are the first, and a picture has more bytes than pixels.
#
# Expected: the pixels of the part, as sharp takes them.
# Why it matters: tiles of a batch lie one after the other in one array, and are cut from it without copies. Each one is then seen, saved
# or scaled as the first. Copy the part (slice, not subarray) before it is handed over.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact jimp@1.6.1 sharp@0.35.5 >/dev/null
cat >tiles.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Jimp } from "jimp";
import sharp from "sharp";
const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const [width, height, channels] = [2, 2, 4];
const length = width * height * channels;
const batch = new Uint8Array(2 * length).map((_, place) => (place % channels === 3 ? 255 : place < length ? 10 : 200));
const corners = { jimp: [], sharp: [], copied: [] };
let bytes = 0;
for (const start of [0, length]) {
  const tile = batch.subarray(start, start + length);
  const image = Jimp.fromBitmap({ data: tile, width, height });
  bytes = image.bitmap.data.length;
  corners.jimp.push(image.bitmap.data[0]);
  corners.copied.push(Jimp.fromBitmap({ data: tile.slice(), width, height }).bitmap.data[0]);
  corners.sharp.push((await sharp(tile, { raw: { width, height, channels } }).raw().toBuffer())[0]);
}
console.log(`jimp ${versionOf("jimp")}: first values ${corners.jimp}, ${bytes} bytes for ${length}; of copies ${corners.copied}`);
console.log(`sharp ${versionOf("sharp")}: first values ${corners.sharp}`);
const right = [corners.sharp, corners.copied].every((values) => `${values}` === "10,200");
process.exit(right && `${corners.jimp}` === "10,10" && bytes === 2 * length ? 0 : 1);
JS
node tiles.mjs
