/** @module The schemas of responses in the API's description. */
import { PREDICTION_WARNING_TEXTS } from "../../../src/inference/index";
import { PROBLEM_CODES } from "../http/index";

export type Json = Readonly<Record<string, unknown>>;

export const schema = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const number = (description: string): Json => ({ type: "number", description });
export const string = (description: string): Json => ({ type: "string", description });
export const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});
export const list = (items: Json): Json => ({ type: "array", items });
export const TRAINED_ON_DRAWN_TILES: Json = {
  type: ["boolean", "null"],
  description: "The model was trained on tiles drawn by a program, not on tissue; null if not known.",
};
const ANSWER: Json = {
  image_filename: { type: ["string", "null"], description: "As requested or as uploaded." },
  logit: number("Log-odds of the positive class."),
  probability: number("Probability of the positive class, 0 to 1."),
  predicted_class: string("The positive class if the probability is at least the threshold, else the negative one."),
  threshold: number("Lowest probability of a positive prediction."),
  model: string("Name of the model that answered."),
  model_sha256: string("Identity of the model's files."),
  preprocess_time: number("Seconds for decoding, resizing and normalizing the image."),
  inference_time: number("Seconds for running the network on the image's batch."),
  in_distribution: {
    type: ["number", "null"],
    description:
      "Share of tiles like the training tiles that look at least as unusual, 0 to 1; null if the model cannot tell.",
  },
  warnings: {
    ...list({ type: "string", enum: Object.keys(PREDICTION_WARNING_TEXTS) }),
    description: warningsText(),
  },
  trained_on_drawn_tiles: TRAINED_ON_DRAWN_TILES,
};

const TILES: Json = {
  description: "Only if `tile` was requested and the image is large.",
  ...object({
    total: { type: "integer", description: "Number of tiles that cover the image." },
    predicted: { type: "integer", description: "Number of tiles with tissue; all tiles if none has tissue." },
    positive: { type: "integer", description: "Number of tiles of the positive class." },
    strongest: {
      ...list(object({ x: { type: "integer" }, y: { type: "integer" }, probability: { type: "number" } })),
      description: "The most probable tiles: top left corner in pixels of the image, and probability.",
    },
  }),
};

/** By name. */
export const SCHEMAS: Json = {
  Prediction: object({ ...ANSWER, tiles: TILES }, Object.keys(ANSWER)),
  Met: object({
    format: string("histo-met/1"),
    model: string("Name of the model."),
    model_sha256: string("Identity of its files."),
    preprocessing: { type: "object" },
    seen: { type: "integer", description: "Number of images predicted since the process started." },
    features: list(list({ type: "number" })),
  }),
  ItemProblem: object({ image_filename: { type: ["string", "null"] }, error: schema("Problem") }),
  Problem: object(
    {
      type: string("Identifies the kind of problem."),
      title: string("The status in words."),
      status: { type: "integer" },
      detail: string("What is wrong with this request."),
      code: { type: "string", enum: Object.keys(PROBLEM_CODES), description: "Stable; meant for programs." },
      instance: string("The request's id."),
      error: string("The same as `detail`, where the Open Inference Protocol asks for it."),
    },
    ["type", "title", "status", "detail", "code"],
  ),
};

function warningsText(): string {
  const meanings = Object.entries(PREDICTION_WARNING_TEXTS).map(([code, text]) => `${code}: the image ${text}`);
  return `Warnings about the image, possibly none. ${meanings.join(". ")}.`;
}
