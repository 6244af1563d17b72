/** @module `histo predict`: predicts the classes of images with an exported model, as CSV. */
import * as z from "zod";
import { HistoError, InputError } from "../errors/index";
import { csvField, descriptorOf, isStream, mustBeWritable, writeFileAtomically } from "../files/index";
import { counted } from "../format/index";
import type { Preprocessing } from "../image/index";
import type { FileAnswer, ListedImage, PredictionWarning, Predictor } from "../inference/index";
import { isTrainedOnDrawnTiles } from "../model-directory/index";
import { between, option, whole } from "../options/index";
import type { TiledPrediction } from "../slide/index";
import { defineCommand, failureLines, reportFailures, reportNotes } from "./command";

export const predictSchema = z.strictObject({
  model: option(z.string(), "model directory of histo export", { value: "dir" }),
  images: option(z.array(z.string()).min(1), "image files and folders of images", { value: "path..." }),
  out: option(z.string().optional(), "CSV file to write", { value: "file", usual: "standard output" }),
  tile: option(
    z.boolean().default(false),
    "cut pictures larger than twice the training images into tiles and average their predictions",
  ),
  threshold: option(between(0, 1).optional(), "lowest probability of a positive prediction", {
    value: "p",
    usual: "the model's",
  }),
  threads: option(whole(1, 1024).optional(), "threads of the network", {
    value: "n",
    usual: "one for each core, at most 8",
  }),
  bitDepth: option(whole(8, 16).optional(), "bit depth of the values in 16-bit images", {
    value: "n",
    usual: "what the model says",
  }),
});

/** An image with its prediction or error. */
interface Answered {
  readonly filename: string;
  readonly answer: FileAnswer["answer"] | TiledPrediction;
}

/** Images with the same warning that are named one by one; the table names all. */
const MOST_NAMED = 3;

/** Columns of the CSV. */
const COLUMNS = [
  "filename",
  "logit",
  "probability",
  "predicted_class",
  "threshold",
  "in_distribution",
  "warnings",
] as const;

export const command = defineCommand({
  examples: [
    ["histo predict --model MODEL --images DIR --out answers.csv", "a table of all images of a folder"],
    ["histo predict --model MODEL --images DIR --threshold 0.2 --out answers.csv", "miss fewer positives"],
    ["histo explain --model MODEL --images tile.png --out maps", "explain the predictions"],
  ],
  schema: predictSchema,
  async run({ model, images, out, tile, ...options }, { progress, signal }) {
    if (out !== undefined) await mustBeWritable("--out", out);
    const { namedImages, predictFiles, PREDICTION_WARNING_TEXTS, Predictor } = await import("../inference/index.js");
    const [predictor, { images: all, unread }] = await Promise.all([
      Predictor.open(model, options),
      namedImages(images),
    ]);
    const large = tile ? await largeAmong(all, predictor.card.preprocessing) : [];
    const listed = all.filter((image) => !large.includes(image));
    const task = progress.start("Predict", listed.length, "images");
    const answers: Answered[] = [];
    try {
      for await (const group of predictFiles(predictor, listed)) {
        answers.push(...group);
        task.update(answers.length);
        if (signal.aborted) break;
      }
      for (const { filename, path } of large) {
        if (signal.aborted) break;
        const answer = await tiled(path, predictor, signal);
        if (!signal.aborted) answers.push({ filename, answer });
      }
    } finally {
      await predictor.close();
    }
    const order = new Map(all.map(({ filename }, i) => [filename, i]));
    answers.sort((a, b) => (order.get(a.filename) as number) - (order.get(b.filename) as number));
    task.finish(counted(answers.length, "image"));
    const stopped = answers.length < all.length;
    if (stopped) progress.say(`Stopped after ${answers.length} of ${counted(all.length, "image")}.`);
    for (const { filename, code, message } of unread) answers.push({ filename, answer: new InputError(code, message) });
    const predictions = answers.flatMap(({ filename, answer }) =>
      answer instanceof HistoError ? [] : [rowOf(filename, answer)],
    );
    const failed = answers.flatMap(({ filename, answer }) =>
      answer instanceof HistoError ? [{ filename, code: answer.code, message: answer.message }] : [],
    );
    const trainedOnDrawnTiles = isTrainedOnDrawnTiles(predictor.card);
    if (trainedOnDrawnTiles) {
      process.stderr.write("histo: this model was trained on drawn tiles and has never seen real tissue.\n");
    }
    reportNotes(warningLines(predictions, PREDICTION_WARNING_TEXTS));
    reportFailures(failureLines(failed));
    // A table without rows would look like the result of an empty folder.
    const written = predictions.length === 0 ? undefined : stopped ? await placeOfPart(out) : out;
    if (written !== undefined) await writeFileAtomically(written, csv(predictions, trainedOnDrawnTiles));
    else if (out !== undefined) reportNotes([`No image was predicted; ${out} is not written.`]);
    return {
      model: predictor.card.name,
      modelSha256: predictor.sha256,
      // Null if its card does not say.
      trainedOnDrawnTiles,
      out: written ?? null,
      images: answers.length,
      failed,
      predictions,
    };
  },
  async render({ out, predictions, trainedOnDrawnTiles }) {
    if (predictions.length === 0) return "";
    if (out === null) return csv(predictions, trainedOnDrawnTiles).trimEnd();
    // The table is there already, and nothing else.
    if ((await descriptorOf(out)) === 1) return "";
    return `${out}: ${counted(predictions.length, "prediction")}`;
  },
});

/** Where a stopped command writes: beside the named file, which may hold a whole table and would be taken for one. */
async function placeOfPart(out: string | undefined): Promise<string | undefined> {
  const isFile = out !== undefined && (await descriptorOf(out)) === undefined && !(await isStream(out));
  return isFile ? `${out}.part` : out;
}

/** A line for each image with a warning, or one for many images with the same. */
function warningLines(rows: readonly Row[], texts: Readonly<Record<PredictionWarning, string>>): string[] {
  const kinds = [...new Set(rows.flatMap(({ warnings }) => warnings))];
  return kinds.flatMap((kind) => {
    const names = rows.filter(({ warnings }) => warnings.includes(kind)).map(({ filename }) => filename);
    if (names.length <= MOST_NAMED) return names.map((name) => `${name} ${texts[kind]}.`);
    const some = `${names.slice(0, MOST_NAMED).join(", ")} ...`;
    return [`${kind}: ${names.length} of ${counted(rows.length, "image")} (${some}); each ${texts[kind]}.`];
  });
}

async function largeAmong(images: readonly ListedImage[], preprocessing: Preprocessing): Promise<ListedImage[]> {
  const { isForTiles } = await import("../slide/index.js");
  const large: ListedImage[] = [];
  for (const image of images) if (await isForTiles(image.path, preprocessing)) large.push(image);
  return large;
}

async function tiled(path: string, predictor: Predictor, signal: AbortSignal): Promise<Answered["answer"]> {
  const { predictTiled } = await import("../slide/index.js");
  try {
    return await predictTiled(path, predictor, signal);
  } catch (error) {
    if (error instanceof HistoError) return error;
    throw error;
  }
}

type Row = ReturnType<typeof rowOf>;

function rowOf(filename: string, answer: Exclude<Answered["answer"], HistoError>) {
  const { logit, probability, predictedClass, threshold, inDistribution, warnings } = answer;
  return {
    filename,
    logit,
    probability,
    predicted_class: predictedClass,
    threshold,
    in_distribution: inDistribution,
    warnings,
    ...("tiles" in answer && { tiles: answer.tiles }),
  };
}

/** The last column is the same in all rows, so that it is kept when tables are joined. */
function csv(rows: readonly Row[], trainedOnDrawnTiles: boolean | null): string {
  const lines = rows.map((row) =>
    [...COLUMNS.map((column) => csvField(textOf(row[column]))), trainedOnDrawnTiles ?? ""].join(","),
  );
  return `${[`${COLUMNS.join(",")},trained_on_drawn_tiles`, ...lines].join("\n")}\n`;
}

/** Joins several warnings with spaces. */
function textOf(value: Row[(typeof COLUMNS)[number]]): string | number {
  return value === null ? "" : typeof value === "object" ? value.join(" ") : value;
}
