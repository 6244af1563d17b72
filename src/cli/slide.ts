/** @module `histo slide`: predicts whole slides tile by tile. */
import { join } from "node:path";
import { InputError } from "../errors/index";
import { counted, interval95, percent } from "../format/index";
import { slideSchema } from "../options/index";
import type { ListedSlide, SlideInfo, SlideResult, SlidesResult } from "../slide/index";
import { defineCommand, reportFailures, reportNotes } from "./command";

/** Slides unlike the training tiles that are named one by one. */
const MOST_NAMED = 3;

export const command = defineCommand({
  examples: [
    ["histo slide slide.svs --model MODEL --out map", "a table of its tiles, a map, and objects for QuPath"],
    ["histo slide slides/ --model MODEL --out maps --labels slides.csv", "many slides, and one score for each"],
    ["histo slide slide.svs --info", "what the file says of itself"],
  ],
  schema: slideSchema,
  configure: (command) =>
    command.argument("[file...]", "slides (TIFF pyramid, SVS, OME-TIFF, a large PNG or JPEG), or folders of them"),
  async run(given, { args, progress, signal }) {
    const { model, out, info, fetchOpenslide, tissue, labels, redis, array, ...options } = given;
    const { fetchOpenSlide, findSlides, predictSlide, predictSlides, remarkOn, slideInfo } = await import(
      "../slide/index.js"
    );
    if (fetchOpenslide) return { library: (await fetchOpenSlide()).library };
    if (args.length === 0) throw new InputError("OPTION_MISSING", "Give a slide file or a folder of slides.");
    if (info && args.length > 1) throw new InputError("OPTION_MISUSED", "--info shows one file: name only one.");
    if (info) return slideInfo(args[0] as string);
    if (model === undefined)
      throw new InputError("OPTION_MISSING", "--model is missing (or use --info to only show the file).");
    if (out === undefined) throw new InputError("OPTION_MISSING", "--out is missing: give a folder for the results.");
    const { slides, many, left } = await findSlides(args);
    if (left.length > 0) reportNotes([`left out, as they are no slides: ${left.join(", ")}.`]);
    const settings = { ...options, model, out, leastTissue: tissue, progress, signal };
    if (!array && (many || labels !== undefined || redis !== undefined)) {
      const result = await predictSlides(slides, { ...settings, labels, redis });
      reportTiles(result.slides, remarkOn);
      reportFailures(result.failed.map(({ message }) => message));
      return result;
    }
    const own = array ? slideAt(slides, process.env) : undefined;
    const place = own && { out: join(out, own.name) };
    const result = await predictSlide(own?.path ?? (args[0] as string), { ...settings, ...place });
    reportTiles([result], remarkOn);
    return result;
  },
  render(result) {
    if ("levels" in result) return describe(result);
    if ("library" in result) return `OpenSlide is there: ${result.library}`;
    return "slides" in result ? reportMany(result) : report(result);
  },
});

/** The slide for this job's index in its array. */
function slideAt(slides: readonly ListedSlide[], env: NodeJS.ProcessEnv): ListedSlide {
  const index = env.AWS_BATCH_JOB_ARRAY_INDEX ?? env.JOB_COMPLETION_INDEX;
  const slide = index === undefined ? undefined : slides[Number(index)];
  if (slide) return slide;
  const message =
    index === undefined
      ? "--array needs an array job: AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX must be set."
      : `There is no slide for index ${index}: the array's size must be ${slides.length}.`;
  throw new InputError("ARRAY_INDEX", message);
}

/** Names the slides that look unlike the training tiles, or says how many do, and those with tiles that cannot be read. */
function reportTiles(
  slides: readonly SlideResult[],
  remarkOn: (found: SlideResult["unlikeTraining"]) => string | undefined,
): void {
  const lines = slides.flatMap(({ slide, unlikeTraining }) => {
    const remark = remarkOn(unlikeTraining);
    return remark === undefined ? [] : [`${slide}: ${remark}.`];
  });
  const many = `${lines.length} of ${counted(slides.length, "slide")} have more tiles unlike the training tiles than chance explains; slides.csv says which.`;
  reportNotes(lines.length <= MOST_NAMED ? lines : [many]);
  const unread = slides.filter(({ failedTiles }) => failedTiles > 0);
  reportFailures(
    unread.map(({ slide, failedTiles: n, tissueTiles }) => {
      return `${slide}: ${n} of ${counted(tissueTiles, "tile")} cannot be read.`;
    }),
  );
}

function reportMany({ out, slides, failed, metrics }: SlidesResult): string {
  const lines = [`${out}: ${counted(slides.length, "slide")}${failed.length > 0 ? `, ${failed.length} failed` : ""}`];
  const measured = metrics?.test ?? metrics?.validation;
  if (metrics && measured) {
    const how = metrics.chosenOnValidation
      ? "chosen on validation"
      : "not chosen: no validation slides of both classes";
    const auc = Number.isNaN(measured.rocAuc)
      ? "no AUC, as there is one class only,"
      : `AUC ${measured.rocAuc.toFixed(3)}${interval95(measured.rocAucCi95)}`;
    const which = metrics.test ? "" : "validation ";
    lines.push(`by ${metrics.aggregation} (${how}): ${auc} on ${counted(measured.n, `${which}slide`)}`);
  }
  return lines.join("\n");
}

function describe({ path, vendor, compression, levels, mpp, objective, bounds, profile, remarks }: SlideInfo): string {
  const scale = mpp === undefined ? "scale unknown" : `${Number(mpp.toPrecision(6))} micrometres per pixel`;
  const part = bounds && `shown part: ${bounds.width} x ${bounds.height} from (${bounds.x}, ${bounds.y})`;
  return [
    `${path}: ${vendor}${compression ? `, ${compression}` : ""}, ${scale}${objective ? `, ${objective}x` : ""}`,
    ...levels.map(({ width, height, downsample, tileWidth, tileHeight }, i) => {
      const tiles = `tiles of ${tileWidth} x ${tileHeight}`;
      return `level ${i}: ${width} x ${height}, 1:${Number(downsample.toFixed(3))}, ${tiles}`;
    }),
    ...(part ? [part] : []),
    ...(profile === undefined ? [] : [`colour profile: ${profile} (applied with --profile apply)`]),
    ...remarks.map((remark) => `note: ${remark}`),
  ].join("\n");
}

function report(result: SlideResult): string {
  const share = (value: number | null) => (value === null ? "none" : percent(value));
  const [low, high] = (result.positiveShareCi95 ?? []).map(share);
  const interval = low === undefined ? "" : ` (95 % interval ${low} to ${high})`;
  const [, positive] = result.model.classes;
  const speed = `${result.tilesPerSecond.toFixed(0)} tiles/s, ${(result.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB at most`;
  return [
    `${result.slide}: ${result.tissueTiles} of ${counted(result.tiles, "tile")} with tissue`,
    `${positive}: ${share(result.positiveShare)} of them${interval}`,
    `${result.seconds > 0 ? speed : "finished before"}; ${result.out}`,
  ].join("\n");
}
