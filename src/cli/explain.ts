/** @module `histo explain`: heat maps of what an exported model looked at, as pictures and as numbers. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HistoError } from "../errors/index";
import type { Explanation } from "../explanation/index";
import { writeFileAtomically, writeJson } from "../files/index";
import { sigmoid } from "../logits/index";
import { type CommandDefinition, integer, number } from "./command";

interface Options {
  readonly model: string;
  readonly images: readonly string[];
  readonly out: string;
  readonly grid?: number;
  readonly scale?: number;
  readonly threads?: number;
}

interface Result {
  readonly model: string;
  readonly modelSha256: string;
  readonly out: string;
  /** End of the pictures' scale, in logits. */
  readonly scale: number;
  readonly images: readonly { readonly filename: string; readonly picture: string; readonly json: string }[];
  readonly failed: readonly { readonly filename: string; readonly code: string; readonly message: string }[];
}

export const explainCommand: CommandDefinition<Options, Result> = {
  configure: (command) =>
    command
      .requiredOption("--model <dir>", "model directory of histo export")
      .requiredOption("--images <path...>", "image files and folders of images")
      .requiredOption("--out <dir>", "folder for a PNG and a JSON of each image")
      .option("--grid <n>", "parts in a row that are covered one after the other (default: 14)", integer(2, 28))
      .option("--scale <logits>", "end of the colours' scale (default: one that holds all images)", number(1e-9))
      .option("--threads <n>", "threads of the network", integer(1, 1024)),
  async run({ model, images, out, grid, scale, ...options }, { progress, signal }) {
    const [{ listImages, Predictor }, { explainImage, explanationPicture, scaleFor }] = await Promise.all([
      import("../inference/index.js"),
      import("../explanation/index.js"),
    ]);
    const [predictor, listed] = await Promise.all([Predictor.open(model, options), listImages(images)]);
    const task = progress.start("Explain", listed.length, "images");
    const explained: { filename: string; explanation: Explanation }[] = [];
    const failed: Result["failed"][number][] = [];
    try {
      for (const { filename, path } of listed) {
        try {
          const image = await readFile(path);
          const explanation = await explainImage(predictor, image, grid, () => signal.throwIfAborted());
          explained.push({ filename, explanation });
        } catch (error) {
          if (!(error instanceof HistoError)) throw error;
          failed.push({ filename, code: error.code, message: error.message });
        }
        task.update(explained.length + failed.length);
      }
    } finally {
      await predictor.close();
    }
    task.finish(`${explained.length} images`);
    const { card, sha256 } = predictor;
    const end = scale ?? scaleFor(explained.map(({ explanation }) => explanation));
    await mkdir(out, { recursive: true });
    const written: Result["images"][number][] = [];
    for (const { filename, explanation } of explained) {
      const { logit, maps } = explanation;
      const stem = join(out, filename.replaceAll(/[\\/]/g, "_"));
      const picture = await explanationPicture(explanation, { scale: end, classes: card.classes });
      await writeFileAtomically(`${stem}.heatmap.png`, picture);
      const probability = sigmoid(logit);
      const answer = {
        filename,
        model: card.name,
        model_sha256: sha256,
        logit,
        probability,
        threshold: card.threshold,
      };
      await writeJson(`${stem}.heatmap.json`, { ...answer, scale: end, maps });
      written.push({ filename, picture: `${stem}.heatmap.png`, json: `${stem}.heatmap.json` });
    }
    for (const { filename, message } of failed) process.stderr.write(`histo: ${filename}: ${message}\n`);
    if (failed.length > 0) process.exitCode = 1;
    return { model: card.name, modelSha256: sha256, out, scale: end, images: written, failed };
  },
  render: ({ out, images, scale }) => `${out}: heat maps of ${images.length} images, scale ±${scale} logits`,
};
