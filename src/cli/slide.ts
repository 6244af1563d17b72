/** @module `histo slide`: from whole slides to maps. */
import { InputError } from "../errors/index";
import type { SlideInfo, SlideResult } from "../slide/index";
import { type CommandDefinition, integer, number, oneOf } from "./command";

interface Options {
  readonly model?: string;
  readonly out?: string;
  readonly info?: boolean;
  readonly mpp?: number;
  readonly slideMpp?: number;
  readonly overlap?: number;
  readonly tissue?: number;
  readonly frame?: "qupath" | "slide";
  readonly resume?: boolean;
  readonly workers?: number;
  readonly threads?: number;
}

type Result = SlideInfo | SlideResult;

export const slideCommand: CommandDefinition<Options, Result> = {
  configure: (command) =>
    command
      .argument("<file>", "slide: TIFF pyramid, SVS, OME-TIFF, or a large PNG or JPEG")
      .option("--model <dir>", "model directory of histo export")
      .option("--out <dir>", "folder for the results")
      .option("--info", "only say what the file is: levels, micrometres, vendor")
      .option("--mpp <um>", "micrometres a pixel of the model's tiles (default: its card's)", number(0.01, 100))
      .option("--slide-mpp <um>", "micrometres a pixel of the slide (default: what the file says)", number(0.01, 100))
      .option("--overlap <share>", "share of a tile that the next one covers too (default: 0)", number(0, 0.9))
      .option("--tissue <share>", "smallest share of tissue of a tile; 0 for every tile (default: 0.1)", number(0, 1))
      .option("--frame <frame>", "corner that tiles.geojson counts from: qupath or slide", oneOf("qupath", "slide"))
      .option("--resume", "go on with unfinished work in --out")
      .option("--workers <n>", "processes that read and predict (default: one for each processor)", integer(1, 64))
      .option("--threads <n>", "processors to use (default: all)", integer(1, 1024)),
  async run({ args, model, out, info, tissue, ...options }, { progress, signal }) {
    const { predictSlide, slideInfo } = await import("../slide/index.js");
    const [file = ""] = args;
    if (info) return slideInfo(file);
    if (model === undefined) throw new InputError("OPTION_MISSING", "--model is missing (or --info to look only).");
    if (out === undefined) throw new InputError("OPTION_MISSING", "--out is missing: the folder for the results.");
    const result = await predictSlide(file, { ...options, model, out, leastTissue: tissue, progress, signal });
    if (result.failedTiles > 0) {
      process.stderr.write(`histo: ${file}: ${result.failedTiles} of ${result.tissueTiles} tiles cannot be read.\n`);
      process.exitCode = 1;
    }
    return result;
  },
  render: (result) => ("levels" in result ? describe(result) : report(result)),
};

function describe({ path, vendor, compression, levels, mpp, objective, bounds, remarks }: SlideInfo): string {
  const scale =
    mpp === undefined ? "micrometres a pixel not said" : `${Number(mpp.toPrecision(6))} micrometres a pixel`;
  const part = bounds && `shown part: ${bounds.width} x ${bounds.height} from (${bounds.x}, ${bounds.y})`;
  return [
    `${path}: ${vendor}${compression ? `, ${compression}` : ""}, ${scale}${objective ? `, ${objective}x` : ""}`,
    ...levels.map(({ width, height, downsample, tileWidth, tileHeight }, i) => {
      const tiles = `tiles of ${tileWidth} x ${tileHeight}`;
      return `level ${i}: ${width} x ${height}, 1:${Number(downsample.toFixed(3))}, ${tiles}`;
    }),
    ...(part ? [part] : []),
    ...remarks.map((remark) => `note: ${remark}`),
  ].join("\n");
}

function report(result: SlideResult): string {
  const share = (value: number | null) => (value === null ? "none" : `${(100 * value).toFixed(1)}%`);
  const [low, high] = result.positiveShareCi95 ?? [null, null];
  const [, positive] = result.model.classes;
  return [
    `${result.slide}: ${result.tissueTiles} of ${result.tiles} tiles show tissue`,
    `${positive}: ${share(result.positiveShare)} of them (95% interval ${share(low)} to ${share(high)})`,
    `${result.tilesPerSecond.toFixed(0)} tiles/s, ${(result.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB at most; ${result.out}`,
  ].join("\n");
}
