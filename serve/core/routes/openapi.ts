/** @module The API's description. @see https://spec.openapis.org/oas/v3.1.1.html */
import type { Route, ServiceContext } from "./context";
import { type Described, IMAGE_NAME, inQuery, jsonBody, ok, operation, whole } from "./openapi-operation";
import {
  CURVES,
  IMAGES,
  INFER_ANSWER,
  INFER_REQUEST,
  INFO,
  type Json,
  list,
  MODEL_METADATA,
  MODEL_READY,
  number,
  object,
  READY,
  SCHEMAS,
  SERVER_METADATA,
  SLIDE,
  SLIDE_MAP,
  SLIDES,
  schema,
  string,
  TRAINED_ON_DRAWN_TILES,
} from "./openapi-schemas";

const BINARY: Json = { type: "string", format: "binary" };

const MODEL_PARAMETER = inQuery(
  "model",
  { type: "string" },
  { description: "Name of the model; default: the first loaded one." },
);

const TILE_PARAMETER = inQuery(
  "tile",
  { type: "integer", enum: [0, 1], default: 0 },
  {
    description:
      "1: predict images that are more than twice as large as the training images tile by tile, without resizing, and average over the tiles with tissue; 0 (the default): shrink them, with the warning `shrunk`.",
  },
);

const IMAGE_BODY = {
  required: true,
  content: {
    "application/json": { schema: object({ image_filename: IMAGE_NAME }) },
    "multipart/form-data": { schema: object({ image: BINARY }) },
    ...Object.fromEntries(["png", "jpeg", "webp", "tiff"].map((type) => [`image/${type}`, { schema: BINARY }])),
  },
};

const IMAGE_PROBLEMS = [
  "REQUEST_MALFORMED",
  "JSON_MALFORMED",
  "FIELD_INVALID",
  "IMAGE_NAME_INVALID",
  "IMAGE_NAME_AMBIGUOUS",
  "IMAGE_NOT_FOUND",
  "IMAGES_NOT_CONFIGURED",
  "MODEL_NOT_FOUND",
  "BODY_TOO_LARGE",
  "IMAGE_TOO_LARGE",
  "CONTENT_TYPE_UNSUPPORTED",
  "IMAGE_TYPE_UNSUPPORTED",
  "IMAGE_CORRUPT",
  "IMAGE_SIZE_MISMATCH",
  "QUEUE_FULL",
  "MODEL_UNAVAILABLE",
  "IMAGE_SOURCE_UNAVAILABLE",
  "SHUTTING_DOWN",
] as const;

const PROBLEM_LIST: Json = {
  type: "object",
  additionalProperties: object({ status: { type: "integer" }, meaning: string("In words.") }),
};
const SLIDE_PART_PROBLEMS = ["SLIDE_NOT_FOUND", "SLIDE_FILE_NOT_FOUND", "SLIDES_UNSUPPORTED"] as const;
const VIEW_PROBLEMS = [...SLIDE_PART_PROBLEMS, "IMAGE_NOT_FOUND", "IMAGE_SOURCE_UNAVAILABLE", "QUEUE_FULL"] as const;
const SLIDE_PROBLEMS = ["IMAGE_NAME_INVALID", "IMAGE_NOT_FOUND", "IMAGE_TOO_LARGE", "SLIDES_UNSUPPORTED"] as const;

/** What the API's description says of each operation, by its id in the list of routes. */
function operations({ limits }: ServiceContext) {
  return {
    predict: {
      summary: "Classify one image",
      answers: { 200: ok("The prediction.", schema("Prediction")) },
      problems: IMAGE_PROBLEMS,
      description: `By name, as a form file or as raw bytes; at most ${limits.bodyBytes} bytes.`,
      parameters: [MODEL_PARAMETER, TILE_PARAMETER],
      requestBody: IMAGE_BODY,
    },
    predictBatch: {
      summary: "Classify many images",
      answers: {
        200: ok(
          "One result for each image, in the order of the request.",
          object({
            model: string("Name of the model."),
            model_sha256: string("Identity of its files."),
            threshold: number("The model's threshold."),
            trained_on_drawn_tiles: TRAINED_ON_DRAWN_TILES,
            results: list({ oneOf: [schema("Prediction"), schema("ItemProblem")] }),
          }),
        ),
      },
      problems: [...IMAGE_PROBLEMS, "TOO_MANY_ITEMS"],
      description: `At most ${limits.batchItems} images and ${limits.batchBytes} bytes. A bad image is an error of its item only.`,
      parameters: [MODEL_PARAMETER, TILE_PARAMETER],
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: object({ image_filenames: list(IMAGE_NAME) }) },
          "multipart/form-data": { schema: object({ image: list(BINARY) }) },
        },
      },
    },
    explain: {
      summary: "Explain a prediction",
      answers: {
        200: ok(
          "The contributions, row-major, grid x grid; positive ones support the positive class. For networks that end in a global average, also the contribution of each place to the logit.",
          object({
            image_filename: { type: ["string", "null"], description: "As requested or as uploaded." },
            model: string("Name of the model."),
            model_sha256: string("Identity of its files."),
            method: { type: "string", enum: ["occlusion"] },
            logit: { type: "number" },
            grid: { type: "integer" },
            contributions: list({ type: "number" }),
            seconds: number("Time that it took."),
            class_activation: {
              anyOf: [object({ grid: { type: "integer" }, contributions: list({ type: "number" }) }), { type: "null" }],
            },
            trained_on_drawn_tiles: TRAINED_ON_DRAWN_TILES,
          }),
        ),
      },
      problems: IMAGE_PROBLEMS,
      description: "Covers the parts of the image one by one and measures how the logit changes.",
      parameters: [MODEL_PARAMETER, inQuery("grid", { ...whole(2, 28), default: 12 })],
      requestBody: IMAGE_BODY,
    },
    keepFeedback: {
      summary: "Store a person's label of an image, if the server has a file for feedback",
      answers: { 204: { description: "Stored." } },
      problems: [
        ...(["JSON_MALFORMED", "FIELD_INVALID", "FEEDBACK_NOT_CONFIGURED"] as const),
        ...(["MODEL_NOT_FOUND", "MODEL_UNAVAILABLE", "FEEDBACK_FULL"] as const),
      ],
      requestBody: jsonBody(
        object(
          {
            image_filename: string("Name of the image."),
            model: string("The model of the prediction; default: the first loaded one."),
            model_sha256: string("Its identity; a label for an answer of another version is refused."),
            label: string("One of the model's classes."),
            logit: number("The predicted logit."),
            probability: number("The predicted probability."),
            threshold: number("The threshold of the prediction."),
          },
          ["image_filename", "label", "logit", "probability", "threshold"],
        ),
      ),
    },
    startSlide: {
      summary: "Predict a whole slide of the image source, in the background",
      answers: { 202: ok("Accepted; `location` is the address of its progress.", schema("Slide")) },
      problems: [...SLIDE_PROBLEMS, "JSON_MALFORMED", "FIELD_INVALID", "MODEL_NOT_FOUND", "MODEL_UNAVAILABLE"],
      parameters: [MODEL_PARAMETER],
      requestBody: jsonBody(
        object(
          {
            slide: string("Name of a slide in the image source."),
            mpp: number("Micrometres per pixel of the model's tiles; default: that of the model's card."),
            slide_mpp: number("Micrometres per pixel of the slide; default: that of the file."),
            overlap: number("Overlap of neighbouring tiles, as a share of a tile, 0 to 0.9."),
            profile: string("The slide's colour profile: `apply` if the training tiles carried it; default: `ignore`."),
          },
          ["slide"],
        ),
      ),
    },
    listSlides: {
      summary: "Slides of the image source, and the requested ones",
      answers: { 200: ok("Names and jobs.", SLIDES) },
      problems: ["SLIDES_UNSUPPORTED", "IMAGE_SOURCE_UNAVAILABLE"],
    },
    slide: {
      summary: "Progress of a slide, then its summary and the paths of its files",
      answers: { 200: ok("State.", schema("Slide")) },
      problems: ["SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED"],
    },
    cancelSlide: {
      summary: "Stop a slide",
      answers: { 200: ok("State.", schema("Slide")) },
      problems: ["SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED"],
    },
    slideFile: {
      summary: "A file of a predicted slide",
      answers: { 200: { description: "slide.json, tiles.csv, tiles.geojson or heatmap.png.", content: { "*/*": {} } } },
      problems: SLIDE_PART_PROBLEMS,
    },
    slideMap: {
      summary: "Size, scale and the tiles' predictions of a slide",
      answers: { 200: ok("For a viewer: one entry of x, y and probability for each tile.", SLIDE_MAP) },
      problems: VIEW_PROBLEMS,
    },
    slideTile: {
      summary: "A tile of a slide's picture",
      answers: { 200: { description: "Shrunk by 2 to the power of `shrink`.", content: { "image/jpeg": {} } } },
      problems: VIEW_PROBLEMS,
    },
    info: {
      summary: "Models, classes, thresholds, inputs, metrics and version",
      answers: { 200: ok("The loaded models and settings.", INFO) },
    },
    curves: {
      summary: "Training history and curves of a model's run",
      answers: { 200: ok("History and curves; null if the run is not available.", CURVES) },
      problems: ["MODEL_NOT_FOUND", "MODEL_UNAVAILABLE"],
    },
    met: {
      summary: "Features of a random sample of the images that a model has predicted, for histo eda --against",
      answers: { 200: ok("At most 500 images; no pixels.", schema("Met")) },
      problems: ["MODEL_NOT_FOUND", "MODEL_UNAVAILABLE"],
    },
    listImages: {
      summary: "Names in the image source, with labels if known",
      answers: { 200: ok("The images.", IMAGES) },
      problems: ["FIELD_INVALID", "IMAGE_SOURCE_UNAVAILABLE"],
      parameters: [inQuery("offset", whole(0)), inQuery("limit", whole(0, 5000))],
    },
    getImage: {
      summary: "An image of the source",
      answers: { 200: { description: "The image.", content: { "image/*": {} } } },
      problems: [
        ...(["FIELD_INVALID", "IMAGE_NAME_INVALID", "IMAGE_NAME_AMBIGUOUS", "IMAGE_NOT_FOUND"] as const),
        ...(["IMAGES_NOT_CONFIGURED", "IMAGE_SOURCE_UNAVAILABLE", "IMAGE_TOO_LARGE"] as const),
        ...(["IMAGE_TYPE_UNSUPPORTED", "IMAGE_CORRUPT", "QUEUE_FULL", "MODEL_UNAVAILABLE"] as const),
      ],
      parameters: [inQuery("thumbnail", whole(16, 512))],
    },
    live: {
      summary: "The process is running",
      answers: { 200: ok("Alive.", object({ status: string("alive") })) },
    },
    ready: {
      summary: "Every model has just reproduced its golden example",
      answers: { 200: ok("Ready.", READY) },
      problems: ["MODEL_UNAVAILABLE", "SHUTTING_DOWN"],
    },
    metrics: {
      summary: "Metrics for Prometheus",
      answers: { 200: { description: "Text format.", content: { "text/plain": {} } } },
    },
    describe: {
      summary: "This description",
      answers: { 200: ok("OpenAPI 3.1.", { type: "object" }) },
    },
    listProblems: {
      summary: "All codes of problems",
      answers: { 200: ok("Status and meaning by code.", PROBLEM_LIST) },
    },
    serverMetadata: {
      summary: "Open Inference Protocol: server metadata",
      answers: { 200: ok("Name, version and extensions.", SERVER_METADATA) },
    },
    serverLive: {
      summary: "Open Inference Protocol: the process is running",
      answers: { 200: ok("Live.", object({ live: { type: "boolean" } })) },
    },
    serverReady: {
      summary: "Open Inference Protocol: every model is ready",
      answers: { 200: ok("Ready.", READY) },
      problems: ["MODEL_UNAVAILABLE", "SHUTTING_DOWN"],
    },
    ...ofModel("model", ""),
    ...ofModel("version", ", of a version"),
  } satisfies Record<string, Described>;
}

export type OperationId = keyof ReturnType<typeof operations>;

export interface DescribedRoute extends Route {
  readonly methods: readonly string[];
  readonly operation: OperationId;
}

/** What the Open Inference Protocol has for a model, and again for its version. */
function ofModel<Id extends string>(id: Id, suffix: string) {
  const known = ["MODEL_NOT_FOUND", "MODEL_UNAVAILABLE"] as const;
  const described: Record<string, Described> = {
    [`${id}Metadata`]: {
      summary: `Open Inference Protocol: model metadata${suffix}`,
      answers: { 200: ok("Inputs and outputs.", MODEL_METADATA) },
      problems: known,
    },
    [`${id}Ready`]: {
      summary: `Open Inference Protocol: the model is ready${suffix}`,
      answers: { 200: ok("Ready.", MODEL_READY) },
      problems: known,
    },
    [`${id}Infer`]: {
      summary: `Open Inference Protocol: inference${suffix}`,
      answers: { 200: ok("Outputs logit and probability.", INFER_ANSWER) },
      problems: [...IMAGE_PROBLEMS, "TOO_MANY_ITEMS"],
      description: "One input: `UINT8` [n, size, size, 3] of RGB pixels, or `BYTES` [n] with image files in base64.",
      requestBody: jsonBody(INFER_REQUEST),
    },
  };
  return described as Record<`${Id}${"Metadata" | "Ready" | "Infer"}`, Described>;
}

/** The OpenAPI 3.1 document of a service with these routes. */
export function openApiDocument(context: ServiceContext, routes: readonly DescribedRoute[]): Json {
  const described: Record<OperationId, Described> = operations(context);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.label.replace("*}", "}");
    const method = route.methods.includes("POST") ? "post" : "get";
    const content = operation(method, path, route.operation, { ...described[route.operation], open: route.open });
    paths[path] = { ...paths[path], [method]: content };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Histology image classification",
      version: context.version,
      description: "Classifies tissue tiles with exported models. Errors are RFC 9457 problem JSON with a stable code.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { ...SCHEMAS, Slide: SLIDE },
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer", description: "An API key, or a token of the configured issuer." },
      },
    },
    security: [{}, { apiKey: [] }, { bearer: [] }],
  };
}
