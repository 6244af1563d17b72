/** @module A model's card for people, in Markdown. @see Mitchell et al. 2019, "Model Cards for Model Reporting" */
import type { ModelCard } from "./model-card";

export const CARD_PAGE = "MODEL_CARD.md";

/** What the card says, and does not know, section by section. */
export function cardPage(card: ModelCard): string {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["What it is", whatItIs(card)],
    ["What it was trained on", training(card)],
    ["How it was chosen", choice(card)],
    ["What it reaches", measures(card)],
    ["Whether the images it was tested on look like those it learned from", shift(card)],
    ["Limits", limits(card)],
    ["Licences", licences(card)],
  ];
  const body = sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [`## ${title}`, ...lines]);
  const caution = card.trainedOn?.drawn ? [`**${DRAWN}**`] : [];
  return `${[`# ${card.name}`, ...caution, ...body.flat()].join("\n\n")}\n`;
}

const DRAWN = "Trained on drawn tiles: it knows nothing of tissue.";

function whatItIs({ classes: [negative, positive], architecture, parameters, preprocessing, mpp, ...card }: ModelCard) {
  const scale = mpp === undefined ? "micrometres a pixel are not known" : `${mpp} micrometres a pixel`;
  const facts = [
    `A classifier that tells ${positive} (positive) from ${negative} (negative).`,
    `It takes images of ${preprocessing.size} x ${preprocessing.size} pixels (${scale}).`,
    `It calls an image ${positive} from a probability of ${decimal(card.threshold)} on.`,
    ...(architecture ? [`Architecture: ${architecture}, ${(parameters ?? 0).toLocaleString("en")} weights.`] : []),
    ...(card.variant ? [`Exported as ${card.variant}.`] : []),
    ...(card.views ? [`It averages over ${card.views} flips and quarter turns of an image.`] : []),
  ];
  return [list(facts)];
}

const PARTITIONS = ["train", "validation", "test"] as const;

function training({ trainedOn, source, classes }: ModelCard): string[] {
  if (!trainedOn) return ["Its card does not say."];
  const { tiles, byClass, drawn, pretrained = [] } = trainedOn;
  const of = (name: string, counts: Readonly<Record<string, number>>) => [
    name,
    ...PARTITIONS.map((p) => `${counts[p]}`),
  ];
  const rows = byClass ? classes.map((name) => of(name, byClass[name] ?? {})) : [];
  const before = pretrained.map(
    ({ name, pretraining = "other images" }) => `${name}, trained on ${pretraining} before`,
  );
  return [
    `${drawn ? "Tiles that a program drew" : "Tiles"}${source?.dataset ? ` of the data set ${source.dataset}` : ""}:`,
    table(["class", ...PARTITIONS], [...rows, of("all", tiles)]),
    ...(before.length > 0 ? [`It builds on ${before.join(" and ")}.`] : []),
  ];
}

function choice({ selection }: ModelCard): string[] {
  if (!selection) return [];
  const { monitor, thresholdRule } = selection;
  return [
    `The weights are those of the epoch with the best ${monitor} on validation. The threshold was chosen on validation ` +
      `(${thresholdRule}). The test images had no say in either.`,
  ];
}

const MEASURES = {
  rocAuc: "ROC AUC",
  balancedAccuracy: "balanced accuracy",
  recall: "recall",
  specificity: "specificity",
};

function measures({ metrics = {} }: ModelCard): string[] {
  const known = (["validation", "test"] as const).filter((name) => metrics[name] !== undefined);
  if (known.length === 0) return [];
  const value = (partition: (typeof known)[number], name: string) => {
    const found = metrics[partition] as Readonly<Record<string, unknown>>;
    const interval = found[`${name}Ci95`] as readonly number[] | undefined;
    return `${decimal(found[name])}${interval ? ` (95 % ${interval.map(decimal).join(" to ")})` : ""}`;
  };
  const rows = Object.entries(MEASURES).map(([name, title]) => [title, ...known.map((of) => value(of, name))]);
  return [table(["measure", ...known], rows)];
}

function shift({ shift: shifts = {} }: ModelCard): string[] {
  return Object.values(shifts).map(({ says }) => says);
}

function limits({ trainedOn, familiar }: ModelCard): string[] {
  const facts = [
    ...(trainedOn?.drawn ? [DRAWN] : []),
    "For research and teaching; it is no medical device, and nobody has tested it on patients.",
    "It knows two classes, and calls every image one of them, also an image of something else.",
    "Other scanners, stains, magnifications and hospitals than those of its training tiles may make it worse.",
    familiar
      ? "It warns of images that look unlike its training tiles; one such image in twenty of the right kind is warned about too."
      : "It does not know what its training tiles looked like, so it does not warn of other images.",
  ];
  return [list(facts)];
}

function licences({ trainedOn }: ModelCard): string[] {
  const parts = (trainedOn?.pretrained ?? []).map(
    ({ name, licence = "licence not known", source }) => `${name}: ${licence}${source ? `, ${source}` : ""}.`,
  );
  return [
    list([...parts, "The model's own weights: as whoever trained it decides, within the licence of the images."]),
  ];
}

const list = (facts: readonly string[]) => facts.map((fact) => `- ${fact}`).join("\n");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const decimal = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value.toFixed(3) : "-");
