/** @module The viewer's data of a predicted slide: its picture in tiles, and the predictions. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  openSlideReader,
  PICTURE_TILE,
  pictureLevels,
  pictureTile,
  type SlideMeaning,
  type SlideReader,
  type SlideSummary,
  stepOf,
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
    const { extent, overlap } = summary.tile;
    const read = tilesIn(await readFile(join(this.folder, "tiles.csv"), "utf8"));
    return {
      slide: summary.slide,
      width: summary.width,
      height: summary.height,
      mpp: summary.mpp,
      tileSize: PICTURE_TILE,
      levels: pictureLevels(this.reader.info),
      extent,
      step: stepOf(extent, overlap),
      classes: summary.model.classes,
      threshold: summary.model.threshold,
      x: read.map(([x]) => x),
      y: read.map(([, y]) => y),
      probability: read.map(([, , probability]) => brief(probability, summary.model.threshold)),
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

/** A probability with four digits, unless it would then be on the other side of the threshold. */
function brief(probability: number, threshold: number): number {
  const rounded = Number(probability.toFixed(4));
  return rounded >= threshold === probability >= threshold ? rounded : probability;
}

/** The columns that the viewer needs, all before those that may be quoted: a parser would block the server for seconds. */
const NEEDED = ["x", "y", "probability"];

/** The readable tiles of `tiles.csv`. */
function tilesIn(table: string): [x: number, y: number, probability: number][] {
  const [head = "", ...lines] = table.split("\n");
  const columns = NEEDED.map((name) => head.split(",").indexOf(name));
  const most = 1 + Math.max(...columns);
  return lines.flatMap((line) => {
    const fields = line.split(",", most);
    const [x, y, probability] = columns.map((at) => fields[at] ?? "");
    return probability ? [[Number(x), Number(y), Number(probability)]] : [];
  });
}
