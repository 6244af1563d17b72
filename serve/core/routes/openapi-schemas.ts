/** @module The schemas of answers in the API's description. */
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

const boolean: Json = { type: "boolean" };
const text: Json = { type: "string" };
const integer: Json = { type: "integer" };
const numeric: Json = { type: "number" };
const anything: Json = { type: "object" };
const orNull = (type: string): Json => ({ type: [type, "null"] });
const nullable = (content: Json): Json => ({ anyOf: [content, { type: "null" }] });

const MODEL = object({
  name: text,
  sha256: string("Identity of the model's files."),
  version: orNull("string"),
  variant: orNull("string"),
  classes: { ...list(text), description: "The negative and the positive class." },
  threshold: number("Lowest probability of a positive prediction."),
  input: anything,
  output: anything,
  batching: { type: "string", enum: ["together", "single"] },
  preprocessing: anything,
  architecture: orNull("string"),
  parameters: orNull("integer"),
  metrics: nullable(anything),
  trained_on: nullable(anything),
  golden: nullable(object({ logit: numeric, tolerance: numeric })),
  load_time: number("Seconds."),
});

const SOURCE = object({ kind: { type: "string", enum: ["folder", "s3"] }, label: text });

export const INFO = object({
  version: text,
  default_model: orNull("string"),
  models: { ...list(MODEL), description: "Empty until the models are loaded." },
  warnings: { type: "object", additionalProperties: text, description: "Meanings of the warnings." },
  heat_map_colours: object({ positive: list(integer), negative: list(integer) }),
  images: nullable(SOURCE),
  limits: object({ body_bytes: integer, batch_bytes: integer, batch_items: integer, deadline_seconds: numeric }),
  endpoint: orNull("string"),
  feedback: boolean,
  pages: list(text),
});

const VOTES = object({ positive: integer, total: integer });
const IMAGE = object({ name: text, class: text, partition: text, votes: VOTES }, ["name"]);

export const IMAGES = object({
  source: nullable(object({ kind: text, label: text, drawn: boolean })),
  total: integer,
  images: list(IMAGE),
});

const EPOCH = object({ loss: numeric, rocAuc: orNull("number") });
const RATES = object({ falsePositiveRate: list(numeric), truePositiveRate: list(numeric) });
const BIN = object({
  low: numeric,
  high: numeric,
  meanProbability: numeric,
  positiveShare: numeric,
  count: integer,
});
const PARTITION = object({
  n: integer,
  roc: RATES,
  thresholds: list(numeric),
  precisionRecall: object({ precision: list(numeric), recall: list(numeric) }),
  calibration: list(BIN),
  histogram: list(list(integer)),
});
const THRESHOLDS = object({ thresholds: list(numeric), sensitivity: list(numeric), specificity: list(numeric) });

export const CURVES = object({
  model: text,
  thresholds: nullable(THRESHOLDS),
  history: nullable(list(object({ epoch: integer, learningRate: numeric, train: EPOCH, validation: EPOCH }))),
  partitions: object({ validation: PARTITION, test: PARTITION }, []),
});

const GOLDEN = object({
  status: { type: "string", enum: ["passed", "failed", "absent"] },
  logit: numeric,
  expected: orNull("number"),
});

export const READY = object({
  status: { type: "string", enum: ["ready"] },
  ready: boolean,
  models: list(object({ name: text, sha256: text, threshold: numeric, golden: GOLDEN })),
});

const STATES = ["queued", "running", "done", "failed", "cancelled"];
const STATE = {
  id: text,
  slide: text,
  model: text,
  status: { type: "string", enum: STATES },
  done: { ...integer, description: "Predicted tiles." },
  total: { ...integer, description: "All tiles; 0 until the tissue has been found." },
};

export const SLIDE = object(
  {
    ...STATE,
    problem: object({ code: text, detail: text }),
    summary: { ...anything, description: "`slide.json`, once it is done." },
    files: { ...list(text), description: "Paths of the results." },
    map: string("Path of the tiles' predictions."),
  },
  Object.keys(STATE),
);

export const SLIDES = object({ slides: list(text), jobs: list(schema("Slide")) });

export const SLIDE_MAP = object({
  slide: text,
  width: integer,
  height: integer,
  mpp: orNull("number"),
  tileSize: integer,
  levels: integer,
  extent: numeric,
  step: numeric,
  classes: list(text),
  threshold: numeric,
  x: list(numeric),
  y: list(numeric),
  probability: list(numeric),
});

const TENSOR = { name: text, datatype: text, shape: list(integer) };

/** The Open Inference Protocol's. */
export const SERVER_METADATA = object({ name: text, version: text, extensions: list(text) });
export const MODEL_METADATA = object({
  name: text,
  versions: list(text),
  platform: text,
  inputs: list(object(TENSOR)),
  outputs: list(object(TENSOR)),
});
export const MODEL_READY = object({ name: text, ready: boolean });
const INPUT_DATA: Json = { type: "array", description: "Numbers, flat or nested, or texts in base64." };
export const INFER_REQUEST = object(
  {
    id: text,
    inputs: { ...list(object({ ...TENSOR, data: INPUT_DATA })), minItems: 1, maxItems: 1 },
    outputs: list(object({ name: { type: "string", enum: ["logit", "probability"] } })),
  },
  ["inputs"],
);
export const INFER_ANSWER = object(
  {
    model_name: text,
    model_version: text,
    id: text,
    parameters: object({ trained_on_drawn_tiles: boolean }),
    outputs: list(object({ ...TENSOR, data: list(numeric) })),
  },
  ["model_name", "model_version", "outputs"],
);
