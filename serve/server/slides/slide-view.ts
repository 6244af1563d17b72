/** @module The viewer's data of a predicted slide: its picture in tiles, and the predictions. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import {
  openSlideReader,
  PICTURE_TILE,
  pictureLevels,
  pictureTile,
  type SlideMeaning,
  type SlideReader,
  type SlideSummary,
} from "../../../src/slide/index";

/** A predicted slide, open for its viewers. */
export class SlideView {
  private constructor(
    private readonly reader: SlideReader,
    private readonly folder: string,
  ) {}

  /**
   * @param folder folder of the results; the tiles of a picture are cached there too
   * @param meaning what the model makes of the slide's values, so that it looks as the model sees it
   */
  static async open(path: string, folder: string, meaning: SlideMeaning): Promise<SlideView> {
    return new SlideView(await openSlideReader(path, folder, meaning), folder);
  }

  /** Size, scale and predictions of the tiles. */
  async map(): Promise<object> {
    const summary = JSON.parse(await readFile(join(this.folder, "slide.json"), "utf8")) as SlideSummary;
    const rows = parse(await readFile(join(this.folder, "tiles.csv")), { columns: true }) as Record<string, string>[];
    const read = rows.filter(({ logit }) => logit !== "");
    return {
      slide: summary.slide,
      width: summary.width,
      height: summary.height,
      mpp: summary.mpp,
      tileSize: PICTURE_TILE,
      levels: pictureLevels(this.reader.info),
      extent: summary.tile.extent,
      classes: summary.model.classes,
      threshold: summary.model.threshold,
      x: read.map(({ x }) => Number(x)),
      y: read.map(({ y }) => Number(y)),
      probability: read.map(({ probability }) => Number(Number(probability).toFixed(4))),
    };
  }

  /** A tile of the picture reduced by a factor of 2^`shrink`; undefined outside the picture. */
  async tile(shrink: number, column: number, row: number): Promise<Uint8Array | undefined> {
    return shrink < pictureLevels(this.reader.info) ? pictureTile(this.reader, shrink, column, row) : undefined;
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}
