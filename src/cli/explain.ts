/** @module `histo explain`: heat maps that explain an exported model's predictions, as pictures and as numbers. */
import { join } from "node:path";
import * as z from "zod";
import { unusedName } from "../collections/index";
import { HistoError } from "../errors/index";
import { DEFAULT_GRID, type Explanation, LARGEST_GRID, type Scales } from "../explanation/index";
import { makeOutputFolder, mustBeWritable, shortName, writeFileAtomically, writeJson } from "../files/index";
import { counted } from "../format/index";
import { sigmoid } from "../logits/index";
import { isTrainedOnDrawnTiles } from "../model-directory/index";
import { option, whole } from "../options/index";
import { defineCommand, failureLines, reportFailures } from "./command";
import { predictSchema } from "./predict";

const explainSchema = z.strictObject({
  ...predictSchema.pick({ model: true, images: true }).shape,
  out: option(z.string(), "folder for a PNG and a JSON per image", { value: "dir" }),
  grid: option(whole(2, LARGEST_GRID).default(DEFAULT_GRID), "number of parts per row that are covered one by one", {
    value: "n",
  }),
  scale: option(
    z.array(z.number().positive()).min(1).max(2).readonly().optional(),
    "end of the colour scale in logits: one for all heat maps, or those of occlusion and of class activation",
    { value: "logits,...", usual: "for each method one that holds all images" },
  ),
  ...predictSchema.pick({ threads: true }).shape,
});

/** Bytes that are added to an image's name: a number, if others have it too, and what the file is. */
const ADDED = "-1000000.heatmap.json".length;

export const command = defineCommand({
  examples: [
    [
      "histo explain --model MODEL --images tile.png --out maps",
      "what the model looked at, as a picture and as numbers",
    ],
    ["histo explain --model MODEL --images DIR --out maps --scale 2", "many tiles on one scale, to compare them"],
  ],
  schema: explainSchema,
  async run({ model, images, out, grid, scale, threads }, { progress, signal }) {
    await mustBeWritable("--out", join(out, "map.png"), out);
    const [{ namedImages, Predictor, readImage }, { explainImage, explanationPicture, scalesFor }] = await Promise.all([
      import("../inference/index.js"),
      import("../explanation/index.js"),
    ]);
    const [predictor, { images: listed, unread }] = await Promise.all([
      Predictor.open(model, { threads }),
      namedImages(images),
    ]);
    const task = progress.start("Explain", listed.length, "images");
    const explained: { filename: string; explanation: Explanation }[] = [];
    const failed: { filename: string; code: string; message: string }[] = [];
    try {
      for (const { filename, path } of listed) {
        try {
          const image = await readImage(path);
          const explanation = await explainImage(predictor, image, grid, () => signal.throwIfAborted());
          explained.push({ filename, explanation });
        } catch (error) {
          if (signal.aborted) break;
          if (!(error instanceof HistoError)) throw error;
          failed.push({ filename, code: error.code, message: error.message });
        }
        task.update(explained.length + failed.length);
      }
    } finally {
      await predictor.close();
    }
    const done = explained.length + failed.length;
    if (done < listed.length) progress.say(`Stopped after ${done} of ${counted(listed.length, "image")}.`);
    failed.push(...unread.map(({ filename, code, message }) => ({ filename, code, message })));
    task.finish(counted(explained.length, "image"));
    const { card, sha256 } = predictor;
    const [occlusion, activation = occlusion] = scale ?? [];
    const scales: Scales = scale
      ? { occlusion, "class-activation": activation }
      : scalesFor(explained.map(({ explanation }) => explanation));
    if (explained.length > 0) await makeOutputFolder("--out", out);
    const written: { filename: string; picture: string; json: string }[] = [];
    const names = new Set<string>();
    for (const { filename, explanation } of explained) {
      const { logit, maps } = explanation;
      // `a/b.png` and `a_b.png` are two images.
      const stem = join(out, unusedName(shortName(filename.replaceAll(/[\\/]/g, "_"), ADDED), names));
      const picture = await explanationPicture(explanation, { scales, classes: card.classes });
      await writeFileAtomically(`${stem}.heatmap.png`, picture);
      const probability = sigmoid(logit);
      const answer = {
        filename,
        model: card.name,
        model_sha256: sha256,
        logit,
        probability,
        threshold: card.threshold,
        trained_on_drawn_tiles: isTrainedOnDrawnTiles(card),
      };
      const scaled = maps.map((map) => ({ ...map, scale: scales[map.method] }));
      await writeJson(`${stem}.heatmap.json`, { ...answer, maps: scaled });
      written.push({ filename, picture: `${stem}.heatmap.png`, json: `${stem}.heatmap.json` });
    }
    reportFailures(failureLines(failed));
    return { model: card.name, modelSha256: sha256, out, scales, images: written, failed };
  },
  render({ out, images, scales }) {
    const ends = Object.entries(scales).map(([method, end]) => `${method} ±${end} logits`);
    return [`${out}: heat maps of ${counted(images.length, "image")}`, ...ends].join("; scale of ");
  },
});
