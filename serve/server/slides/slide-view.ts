/** @module The viewer's data of a predicted slide: its picture in tiles, which another process reads, and the predictions. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PICTURE_TILE, type SlideMeaning, type SlideSummary, stepOf } from "../../../src/slide/index";
import { PictureReader } from "./picture-reader";

export class SlideView {
  private constructor(
    private readonly picture: PictureReader,
    private readonly levels: number,
    private readonly folder: string,
  ) {}

  /**
   * @param folder folder of the results; the tiles of a picture are cached there too
   * @param meaning what the model makes of the slide's values, so that it looks as the model sees it
   * @param options.onLost called if the process that reads the picture ends by itself; then the view is of no more use
   * @param options.signal closes the view, also while it is opened
   * @throws {HistoError} codes `SLIDE_...`; {Problem} `IMAGE_SOURCE_UNAVAILABLE`
   */
  static async open(
    path: string,
    folder: string,
    meaning: SlideMeaning,
    { onLost, signal }: { readonly onLost?: () => void; readonly signal: AbortSignal },
  ): Promise<SlideView> {
    signal.throwIfAborted();
    const picture = new PictureReader(onLost);
    signal.addEventListener("abort", () => picture.close(), { once: true });
    try {
      return new SlideView(picture, await picture.open(path, folder, meaning), folder);
    } catch (error) {
      picture.close();
      throw error;
    }
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
      levels: this.levels,
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
    return shrink < this.levels ? this.picture.tile(shrink, column, row) : undefined;
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
