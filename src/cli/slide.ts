/** @module `histo slide`: from whole slides to maps. */
import { join } from "node:path";
import { InputError } from "../errors/index";
import type { ListedSlide, SlideInfo, SlideResult, SlidesResult } from "../slide/index";
import { type CommandDefinition, integer, number, oneOf } from "./command";

interface Options {
  readonly model?: string;
  readonly out?: string;
  readonly info?: boolean;
  readonly fetchOpenslide?: boolean;
  readonly mpp?: number;
  readonly slideMpp?: number;
  readonly overlap?: number;
  readonly tissue?: number;
  readonly frame?: "qupath" | "slide";
  readonly dzi?: boolean;
  readonly resume?: boolean;
  readonly workers?: number;
  readonly threads?: number;
  readonly labels?: string;
  readonly redis?: string;
  readonly array?: boolean;
}

interface Fetched {
  readonly library: string;
}

type Result = SlideInfo | SlideResult | SlidesResult | Fetched;

export const slideCommand: CommandDefinition<Options, Result> = {
  configure: (command) =>
    command
      .argument("[file...]", "slides (TIFF pyramid, SVS, OME-TIFF, a large PNG or JPEG), or folders of them")
      .option("--model <dir>", "model directory of histo export")
      .option("--out <dir>", "folder for the results")
      .option("--labels <file>", "CSV of slide, label and partition: metrics of the slides")
      .option("--info", "only say what the file is: levels, micrometres, vendor")
      .option("--fetch-openslide", "fetch OpenSlide (LGPL) once, for NDPI, MRXS, SCN, DICOM and JPEG 2000")
      .option("--mpp <um>", "micrometres a pixel of the model's tiles (default: its card's)", number(0.01, 100))
      .option("--slide-mpp <um>", "micrometres a pixel of the slide (default: what the file says)", number(0.01, 100))
      .option("--overlap <share>", "share of a tile that the next one covers too (default: 0)", number(0, 0.9))
      .option("--tissue <share>", "smallest share of tissue of a tile; 0 for every tile (default: 0.1)", number(0, 1))
      .option("--frame <frame>", "corner that tiles.geojson counts from: qupath or slide", oneOf("qupath", "slide"))
      .option("--dzi", "also write the slide's picture for viewers: slide.dzi and slide_files/ (Deep Zoom)")
      .option("--redis <url>", "hand the slides out to workers at this Redis (histo worker --slides)")
      .option("--array", "in an array job (AWS Batch, Kubernetes): only the slide whose place is the job's index")
      .option("--resume", "go on with unfinished work in --out")
      .option("--workers <n>", "processes that read and predict (default: one for each processor)", integer(1, 64))
      .option("--threads <n>", "processors to use (default: all)", integer(1, 1024)),
  async run(
    { args, model, out, info, fetchOpenslide, tissue, labels, redis, array, ...options },
    { progress, signal },
  ) {
    const { fetchOpenSlide, findSlides, predictSlide, predictSlides, slideInfo } = await import("../slide/index.js");
    if (fetchOpenslide) return { library: (await fetchOpenSlide()).library };
    if (args.length === 0) throw new InputError("OPTION_MISSING", "Which slide? Name a file or a folder.");
    if (info) return slideInfo(args[0] as string);
    if (model === undefined) throw new InputError("OPTION_MISSING", "--model is missing (or --info to look only).");
    if (out === undefined) throw new InputError("OPTION_MISSING", "--out is missing: the folder for the results.");
    const { slides, many } = await findSlides(args);
    const settings = { ...options, model, out, leastTissue: tissue, progress, signal };
    if (array) {
      const { path, name } = slideAt(slides, process.env);
      const result = await predictSlide(path, { ...settings, out: join(out, name) });
      sayUnread(result);
      return result;
    }
    if (many || labels !== undefined || redis !== undefined) {
      const result = await predictSlides(slides, { ...settings, labels, redis });
      for (const slide of result.slides) sayUnread(slide);
      for (const { message } of result.failed) complain(message);
      return result;
    }
    const result = await predictSlide(args[0] as string, settings);
    sayUnread(result);
    return result;
  },
  render(result) {
    if ("levels" in result) return describe(result);
    if ("library" in result) return `OpenSlide is there: ${result.library}`;
    return "slides" in result ? reportMany(result) : report(result);
  },
};

/** The slide of this job among those of its array. */
function slideAt(slides: readonly ListedSlide[], env: NodeJS.ProcessEnv): ListedSlide {
  const index = env.AWS_BATCH_JOB_ARRAY_INDEX ?? env.JOB_COMPLETION_INDEX;
  const slide = index === undefined ? undefined : slides[Number(index)];
  if (slide) return slide;
  const message =
    index === undefined
      ? "--array is for array jobs, whose number is in AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX."
      : `There is no slide for index ${index}: the array's size must be ${slides.length}.`;
  throw new InputError("ARRAY_INDEX", message);
}

function complain(message: string): void {
  process.stderr.write(`histo: ${message}\n`);
  process.exitCode = 1;
}

function sayUnread({ slide, failedTiles, tissueTiles }: SlideResult): void {
  if (failedTiles > 0) complain(`${slide}: ${failedTiles} of ${tissueTiles} tiles cannot be read.`);
}

function reportMany({ out, slides, failed, metrics }: SlidesResult): string {
  const lines = [`${out}: ${slides.length} slides${failed.length > 0 ? `, ${failed.length} failed` : ""}`];
  const measured = metrics?.test ?? metrics?.validation;
  if (metrics && measured) {
    const how = metrics.chosenOnValidation
      ? "chosen on validation"
      : "not chosen: no validation slides of both classes";
    lines.push(`by ${metrics.aggregation} (${how}): AUC ${measured.rocAuc.toFixed(3)} on ${measured.n} slides`);
  }
  return lines.join("\n");
}

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
