/** @module What the viewer shows of a predicted slide: its picture in tiles, and the answers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { openSlideReader, type SlideInfo, type SlideReader, type SlideSummary } from "../../../src/slide/index";

const TILE = 256;
/** A tile is made of at most this many of its own sides of the coarsest level. */
const MOST_SHRINKING = 8;

/** An open slide. */
export class SlideView {
  private constructor(
    private readonly reader: SlideReader,
    private readonly folder: string,
  ) {}

  /** @param folder of the results; the tiles of a picture go there too */
  static async open(path: string, folder: string): Promise<SlideView> {
    return new SlideView(await openSlideReader(path, folder), folder);
  }

  /** Size, scale, and the tiles' answers. */
  async map(): Promise<object> {
    const summary = JSON.parse(await readFile(join(this.folder, "slide.json"), "utf8")) as SlideSummary;
    const rows = parse(await readFile(join(this.folder, "tiles.csv")), { columns: true }) as Record<string, string>[];
    const read = rows.filter(({ logit }) => logit !== "");
    return {
      slide: summary.slide,
      width: summary.width,
      height: summary.height,
      mpp: summary.mpp,
      tileSize: TILE,
      levels: this.levels(),
      extent: summary.tile.extent,
      classes: summary.model.classes,
      threshold: summary.model.threshold,
      x: read.map(({ x }) => Number(x)),
      y: read.map(({ y }) => Number(y)),
      probability: read.map(({ probability }) => Number(Number(probability).toFixed(4))),
    };
  }

  /** A tile of the picture shrunk by 2 to the power of `shrink`; undefined outside. */
  async tile(shrink: number, column: number, row: number): Promise<Uint8Array | undefined> {
    if (shrink >= this.levels()) return undefined;
    const { levels } = this.reader.info;
    const base = levels[0] as SlideInfo["levels"][number];
    const factor = 2 ** shrink;
    const [width, height] = [Math.ceil(base.width / factor), Math.ceil(base.height / factor)];
    const [left, top] = [column * TILE, row * TILE];
    if (left >= width || top >= height) return undefined;
    const size = { width: Math.min(TILE, width - left), height: Math.min(TILE, height - top) };
    const at = levels.reduce((best, { downsample }, i) => (downsample <= factor * 1.02 ? i : best), 0);
    const scale = factor / (levels[at] as SlideInfo["levels"][number]).downsample;
    const region = {
      x: Math.round(left * scale),
      y: Math.round(top * scale),
      width: Math.max(1, Math.round(size.width * scale)),
      height: Math.max(1, Math.round(size.height * scale)),
    };
    const [image] = await this.reader.readRegions(at, [region]);
    const white = { create: { ...size, channels: 3, background: "white" } } as const;
    const raw = { width: region.width, height: region.height, channels: 3 } as const;
    const picture = !image || image instanceof Error ? sharp(white) : sharp(image.data, { raw });
    return picture
      .resize({ ...size, fit: "fill" })
      .jpeg({ quality: 85 })
      .toBuffer();
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  /** How many powers of two the picture can be shrunk by. */
  private levels(): number {
    const { levels } = this.reader.info;
    const base = levels[0] as SlideInfo["levels"][number];
    const coarsest = Math.max(...levels.map(({ downsample }) => downsample)) * MOST_SHRINKING;
    const wanted = Math.ceil(Math.log2(Math.max(base.width, base.height) / TILE));
    return 1 + Math.max(0, Math.min(wanted, Math.floor(Math.log2(coarsest))));
  }
}
