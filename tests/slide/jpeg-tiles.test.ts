/** @module The project's own decoder of JPEG tiles against the general one, which other tests hold to other readers. */
import assert from "node:assert/strict";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp from "sharp";
import { Random } from "../../src/random/index";
import { readPages, TAG } from "../../src/slide/tiff/directory";
import { decodeJpegTiles } from "../../src/slide/tiff/jpeg-tiles";
import { layoutOf, type PageLayout } from "../../src/slide/tiff/layout";
import { decodeStack } from "../../src/slide/tiff/tile-stack";
import { picture } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** The tiles of a JPEG pyramid that sharp writes; from quality 90 on its colours are not subsampled. */
async function tilesOf(t: TestContext, quality: number, tile: number, noise: number) {
  const { width, height, data } = picture(tile * 3 - 21, tile * 2 - 5);
  const random = new Random(quality, "noise");
  for (let i = 0; i < data.length; i++)
    data[i] = Math.max(0, Math.min(255, (data[i] as number) + random.normal(0, noise)));
  const path = join(await temporaryDirectory(t), "slide.tif");
  await sharp(data, { raw: { width, height, channels: 3 } })
    .tiff({ tile: true, tileWidth: tile, tileHeight: tile, compression: "jpeg", quality })
    .toFile(path);
  const file = await open(path);
  const found = await readPages(file, (await file.stat()).size);
  const layout = layoutOf(found?.pages[0]?.tags ?? new Map()) as PageLayout;
  const tiles = await Promise.all(
    layout.offsets.map(async (offset, i) => {
      const bytes = Buffer.alloc(layout.bytes[i] as number);
      await file.read(bytes, 0, bytes.length, offset);
      return bytes;
    }),
  );
  await file.close();
  await rm(path);
  return { layout, tiles };
}

const general = (layout: PageLayout, tiles: readonly Buffer[]) =>
  decodeStack(
    layout,
    tiles.map((tile) => [tile]),
    layout.tileHeight,
    true,
    {},
  );

for (const [quality, tile, noise] of [
  [80, 256, 0],
  [80, 256, 30],
  [35, 240, 10],
  [95, 128, 30],
  [100, 64, 60],
] as const) {
  test(`tiles of ${tile} pixels, quality ${quality}, noise ${noise}: every bit is that of the general decoder`, async (t) => {
    const { layout, tiles } = await tilesOf(t, quality, tile, noise);
    const own = await decodeJpegTiles(layout, tiles, tile);
    assert.ok(own, "set-up has compiled it");
    for (const [i, pixels] of (await general(layout, tiles)).entries()) {
      assert.ok(pixels.equals(own[i] as Buffer), `tile ${i}`);
    }
  });
}

test("a tile that is damaged or of another form is left to the general decoder", async (t) => {
  const { layout, tiles } = await tilesOf(t, 80, 128, 20);
  const [tile] = tiles as [Buffer];
  assert.equal(await decodeJpegTiles({ ...layout, compression: 8 }, tiles, 128), undefined);
  assert.equal(
    await decodeJpegTiles({ ...layout, tags: new Map([...layout.tags, [TAG.bits, [12]]]) }, [tile], 128),
    undefined,
  );
  for (const spoilt of [
    Buffer.alloc(0),
    tile.subarray(0, tile.length / 2),
    Buffer.concat([tile.subarray(0, -9), tile.subarray(-2)]),
  ]) {
    assert.equal(await decodeJpegTiles(layout, [spoilt], 128), undefined);
  }
});

test("whatever the bytes are, a tile is decoded as by the general decoder, or refused", async (t) => {
  const { layout, tiles } = await tilesOf(t, 80, 64, 20);
  const random = new Random(3, "bytes");
  let same = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(random.pick(tiles));
    for (let i = random.integer(4) + 1; i > 0; i--) bytes[random.integer(bytes.length)] = random.integer(256);
    const own = await decodeJpegTiles(layout, [bytes], 64);
    if (!own) continue;
    const other = await general(layout, [bytes]).catch(() => undefined);
    if (other) assert.ok((own[0] as Buffer).equals(other[0] as Buffer), `round ${round}`);
    same++;
  }
  assert.ok(same < 400);
});
