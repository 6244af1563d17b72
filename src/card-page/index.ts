/** @module Writes the card of a model in Markdown. @see Mitchell et al. 2019, "Model Cards for Model Reporting" */
import { leakWords } from "../dataset/labels/index";
import { describeThresholdRule, measureName, parseThresholdRule } from "../evaluation/index";
import { counted, decimal, escapeMarkdown, interval95, markdownTable } from "../format/index";
import { tileEdgeOf } from "../image/preprocessing/index";
import { describeAucChange, describeUnrounded, type ModelCard, type Verification } from "../model-directory/index";
import type { TileCounts } from "../runs/index";

export const CARD_PAGE = "MODEL_CARD.md";

export function cardPage(card: ModelCard): string {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["What it is", whatItIs(card)],
    ["How to use it", use(card)],
    ["What it was trained on", training(card)],
    ["How it was chosen", choice(card)],
    ["How well it performs", measures(card)],
    ["Do the test images look like the training images?", shift(card)],
    ["Limits", limits(card)],
    ["Licences", licences(card)],
  ];
  const body = sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [`## ${title}`, ...lines]);
  const caution = card.trainedOn?.drawn ? [`**${DRAWN}**`] : [];
  return `${[`# ${escapeMarkdown(card.name)}`, ...caution, ...body.flat()].join("\n\n")}\n`;
}

const DRAWN = "Trained on drawn (synthetic) tiles: it has never seen real tissue.";

function whatItIs({ classes, together, architecture, parameters, preprocessing, mpp, ...card }: ModelCard) {
  const [negative, positive] = classes.map(escapeMarkdown);
  const scale = mpp === undefined ? "scale unknown" : `${mpp} micrometres per pixel`;
  const { size } = preprocessing;
  const edge = tileEdgeOf(preprocessing);
  const parts = together ? `: ${together.map(escapeMarkdown).join(", ")}` : "";
  const unrounded = describeUnrounded(card);
  const facts = [
    `A classifier that distinguishes ${positive} (positive) from ${negative} (negative${parts}).`,
    `It takes images of ${edge} x ${edge} pixels (${scale})${edge === size ? "" : `, resized to ${size} x ${size}`}.`,
    `It classifies an image as ${positive} if the probability is at least ${decimal(card.threshold)}.`,
    ...(architecture ? [`Architecture: ${escapeMarkdown(architecture)}, ${counted(parameters ?? 0, "weight")}.`] : []),
    ...(card.variant ? [`Exported as ${card.variant}.${unrounded && ` But ${unrounded}`}`] : []),
    ...(card.views ? [`It averages over ${card.views} flips and rotations of an image.`] : []),
  ];
  return [list(facts)];
}

/** For Python, where the graph takes an image's pixels as they are. */
function use({ graph, golden, input, output, preprocessing, classes, threshold }: ModelCard): string[] {
  const command = "`npx histo predict --model` with this folder reads all kinds of images, resizes them, and warns.";
  if (!golden || preprocessing.stain) return [command];
  if (input.dtype !== "uint8" || input.layout !== "NHWC" || output.kind !== "logit") return [command];
  const { size } = preprocessing;
  const [negative, positive] = classes.map((name) => JSON.stringify(name));
  const program = [
    "import numpy as np",
    "import onnxruntime",
    "from PIL import Image",
    "",
    `session = onnxruntime.InferenceSession(${JSON.stringify(graph)}, providers=["CPUExecutionProvider"])`,
    `pixels = np.asarray(Image.open(${JSON.stringify(golden.image)}).convert("RGB"))  # ${size} x ${size}, 0 to 255`,
    `logit = session.run([${JSON.stringify(output.name)}], {${JSON.stringify(input.name)}: pixels[None]})[0].item()`,
    "probability = 1 / (1 + np.exp(-logit))",
    `print(${positive} if probability >= ${threshold} else ${negative}, logit)  # ${golden.image}: ${decimal(golden.logit, 3)}`,
  ];
  return [
    command,
    "In Python, run in this folder (`pip install numpy onnxruntime pillow`):",
    ["```python", ...program, "```"].join("\n"),
    `The graph standardizes pixels itself. It takes 8-bit RGB images of exactly ${size} x ${size} pixels; resized by another library, above all enlarged, an image gets another logit.`,
  ];
}

const PARTITIONS = ["train", "validation", "test"] as const;

function training({ trainedOn, source, classes }: ModelCard): string[] {
  if (!trainedOn) return ["Unknown: the model's card does not say."];
  const { tiles, byClass, drawn, pretrained = [] } = trainedOn;
  const row = (name: string, counts: Partial<TileCounts>) => [
    escapeMarkdown(name),
    ...PARTITIONS.map((part) => `${counts[part]}`),
  ];
  const rows = byClass ? classes.map((name) => row(name, byClass[name] ?? {})) : [];
  const before = pretrained.map(({ name, pretraining = "other images" }) =>
    escapeMarkdown(`${name}, pretrained on ${pretraining}`),
  );
  return [
    `${drawn ? "Drawn (synthetic) tiles" : "Tiles"}${source?.dataset ? ` of the data set ${escapeMarkdown(source.dataset)}` : ""}:`,
    markdownTable(["class", ...PARTITIONS], [...rows, row("all", tiles)]),
    ...(before.length > 0 ? [`It builds on ${before.join(" and ")}.`] : []),
  ];
}

function choice({ selection }: ModelCard): string[] {
  if (!selection) return [];
  const { monitor, isSolved, thresholdRule, bestOf } = selection;
  const weights = isSolved
    ? "The weights solve a logistic regression on the training tiles exactly; cross-validation on these chose its penalty."
    : escapeMarkdown(
        `The weights are those of the epoch with the best ${measureName(monitor ?? "measure")} on validation.`,
      );
  const options = bestOf ? [`Its options are the best of ${bestOf} that were tried, by the AUC on validation.`] : [];
  const threshold = `The threshold was chosen on validation (${ruleWords(thresholdRule)}).`;
  return [[...options, weights, threshold, "None of this used the test images."].join(" ")];
}

/** The rule in words; as it is where a card written by hand has a rule of its own. */
function ruleWords(rule: string): string {
  try {
    return describeThresholdRule(parseThresholdRule(rule));
  } catch {
    return escapeMarkdown(rule);
  }
}

const MEASURES = ["rocAuc", "balancedAccuracy", "recall", "specificity"];

function measures({ metrics = {}, variant = "fp32", verification, trainedOn }: ModelCard): string[] {
  const known = (["validation", "test"] as const).filter((name) => metrics[name] !== undefined);
  if (known.length === 0) return [];
  const value = (partition: (typeof known)[number], name: string) => {
    const found = metrics[partition] as Readonly<Record<string, unknown>>;
    return decimal(found[name]) + interval95(found[`${name}Ci95`] as readonly number[] | undefined);
  };
  const rows = MEASURES.map((name) => [measureName(name), ...known.map((of) => value(of, name))]);
  const exported =
    variant === "fp32"
      ? []
      : [`These are the trained network's measures, before its export as ${variant}.${changes(verification)}`];
  return [markdownTable(["measure", ...known], rows), ...leakWords(trainedOn?.acrossPartitions), ...exported];
}

/** What the export changed, as far as it was measured. */
function changes(verification: Verification | undefined): string {
  if (!verification) return " What the export changed was not measured.";
  const { tiles, changedAnswers } = verification;
  const change = describeAucChange(verification);
  const drop = change ? `, and the ROC AUC ${change}` : "";
  return ` On ${counted(tiles, "validation tile")} the export changes ${counted(changedAnswers, "answer")}${drop}.`;
}

function shift({ shift: shifts = {} }: ModelCard): string[] {
  return Object.values(shifts).map(({ says }) => escapeMarkdown(says));
}

function limits({ trainedOn, familiar }: ModelCard): string[] {
  const facts = [
    ...(trainedOn?.drawn ? [DRAWN] : []),
    "For research and teaching only; it is not a medical device and has not been tested on patients.",
    "It knows two classes and assigns every image to one of them, even an image of something else.",
    "It may perform worse on other scanners, stains, magnifications and hospitals than those of its training tiles.",
    familiar
      ? "It warns about images that look unlike its training tiles, and by mistake about one in twenty images like them."
      : "It has no statistics of its training tiles, so it does not warn about images unlike them.",
  ];
  return [list(facts)];
}

function licences({ trainedOn }: ModelCard): string[] {
  const parts = (trainedOn?.pretrained ?? []).map(
    ({ name, licence = "licence not known", source }) =>
      `${escapeMarkdown(`${name}: ${licence}`)}${source ? `, ${source}` : ""}.`,
  );
  const own = "The model's own weights: decided by whoever trained it, within the licence of the images.";
  return [list([...parts, own])];
}

const list = (facts: readonly string[]) => facts.map((fact) => `- ${fact}`).join("\n");
