/** @module The API's description. @see https://spec.openapis.org/oas/v3.1.1.html */
import { PROBLEM_CODES, type ProblemCode } from "../http/index";
import { IMAGE_NAME_RULE } from "../images/index";
import type { ServiceContext } from "./context";
import { type Json, list, number, object, SCHEMAS, schema, string, TRAINED_ON_DRAWN_TILES } from "./openapi-schemas";

const OBJECT: Json = { type: "object" };
const BINARY: Json = { type: "string", format: "binary" };

const ok = (description: string, content = OBJECT): Json => ({
  description,
  content: { "application/json": { schema: content } },
});

const inQuery = (name: string, schema: Json, more: Json = {}): Json => ({ name, in: "query", ...more, schema });
const whole = (minimum: number, maximum?: number): Json => ({ type: "integer", minimum, ...(maximum && { maximum }) });

const jsonBody = (content: Json) => ({ required: true, content: { "application/json": { schema: content } } });

/** Responses for the codes, grouped by status as OpenAPI requires. */
function problems(...codes: ProblemCode[]): Json {
  const responses: Record<string, Json> = {};
  for (const code of [...codes, "UNAUTHORIZED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "INTERNAL"] as const) {
    const status = String(PROBLEM_CODES[code][0]);
    const before = responses[status]?.description as string | undefined;
    responses[status] = {
      description: `${before ? `${before}, ` : ""}\`${code}\``,
      content: { "application/problem+json": { schema: schema("Problem") } },
    };
  }
  return responses;
}

interface Described extends Json {
  /** Responses that are no problems, by status. */
  readonly answers: Json;
  /** Codes of its problems, besides those of every route; absent for routes without problems. */
  readonly problems?: readonly ProblemCode[];
  /** Parameters besides those in the path. */
  readonly parameters?: readonly Json[];
}

/** An operation by its path and method. Parts of the path in braces are parameters. */
function operation(
  method: "get" | "post",
  path: string,
  operationId: string,
  summary: string,
  { answers, problems: codes, parameters: others = [], ...more }: Described,
): [path: string, methods: Json] {
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const inPath = parts.map((name) => {
    return { name, in: "path", required: true, schema: name === "name" ? IMAGE_NAME : { type: "string" } };
  });
  const parameters = [...inPath, ...others];
  const responses = { ...answers, ...(codes && problems(...codes)) };
  return [
    path,
    { [method]: { operationId, summary, ...more, ...(parameters.length > 0 && { parameters }), responses } },
  ];
}

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

const IMAGE_NAME = string(`A name in the image source. ${IMAGE_NAME_RULE}`);

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

const KEEP_FEEDBACK = "Store a person's label of an image, if the server has a file for feedback";
const FEATURES_MET = "Features of a random sample of the images that a model has predicted, for histo eda --against";
const SLIDE_PROBLEMS = ["IMAGE_NAME_INVALID", "IMAGE_NOT_FOUND", "IMAGE_TOO_LARGE", "SLIDES_UNSUPPORTED"] as const;

function operations({ limits }: ServiceContext): [path: string, methods: Json][] {
  return [
    operation("post", "/predict", "predict", "Classify one image", {
      answers: { 200: ok("The prediction.", schema("Prediction")) },
      problems: IMAGE_PROBLEMS,
      description: `By name, as a form file or as raw bytes; at most ${limits.bodyBytes} bytes.`,
      parameters: [MODEL_PARAMETER, TILE_PARAMETER],
      requestBody: IMAGE_BODY,
    }),
    operation("post", "/predict/batch", "predictBatch", "Classify many images", {
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
    }),
    operation("post", "/explain", "explain", "Explain a prediction", {
      answers: {
        200: ok(
          "The contributions, row-major, grid x grid; positive ones support the positive class. For networks that end in a global average, also the contribution of each place to the logit.",
          object({
            logit: { type: "number" },
            grid: { type: "integer" },
            contributions: list({ type: "number" }),
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
    }),
    operation("post", "/feedback", "keepFeedback", KEEP_FEEDBACK, {
      answers: { 204: { description: "Stored." } },
      problems: [
        ...(["JSON_MALFORMED", "FIELD_INVALID", "FEEDBACK_NOT_CONFIGURED"] as const),
        ...(["MODEL_NOT_FOUND", "BODY_TOO_LARGE", "FEEDBACK_FULL"] as const),
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
    }),
    operation("post", "/slides", "startSlide", "Predict a whole slide of the image source, in the background", {
      answers: { 202: ok("Accepted; `location` is the address of its progress.") },
      problems: [...SLIDE_PROBLEMS, "JSON_MALFORMED", "FIELD_INVALID", "MODEL_NOT_FOUND", "QUEUE_FULL"],
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
    }),
    operation("get", "/slides", "listSlides", "Slides of the image source, and the requested ones", {
      answers: { 200: ok("Names and jobs.") },
      problems: ["SLIDES_UNSUPPORTED"],
    }),
    operation("get", "/slides/{id}", "slide", "Progress of a slide, then its summary and the paths of its files", {
      answers: { 200: ok("State.") },
      problems: ["SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED"],
    }),
    operation("post", "/slides/{id}/cancel", "cancelSlide", "Stop a slide", {
      answers: { 200: ok("State.") },
      problems: ["SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED"],
    }),
    operation("get", "/info", "info", "Models, classes, thresholds, inputs, metrics and version", {
      answers: { 200: ok("The loaded models and settings.") },
      problems: [],
    }),
    operation("get", "/models/{model}/curves", "curves", "Training history and curves of a model's run", {
      answers: { 200: ok("History and curves; null if the run is not available.") },
      problems: ["MODEL_NOT_FOUND"],
    }),
    operation("get", "/models/{model}/met", "met", FEATURES_MET, {
      answers: { 200: ok("At most 500 images; no pixels.", schema("Met")) },
      problems: ["MODEL_NOT_FOUND"],
    }),
    operation("get", "/images", "listImages", "Names in the image source, with labels if known", {
      answers: { 200: ok("The images.") },
      problems: ["IMAGE_SOURCE_UNAVAILABLE"],
      parameters: [inQuery("offset", whole(0)), inQuery("limit", whole(0, 5000))],
    }),
    operation("get", "/images/{name}", "getImage", "An image of the source", {
      answers: { 200: { description: "The image.", content: { "image/*": {} } } },
      problems: [
        ...(["IMAGE_NAME_INVALID", "IMAGE_NAME_AMBIGUOUS", "IMAGE_NOT_FOUND"] as const),
        ...(["IMAGES_NOT_CONFIGURED", "IMAGE_SOURCE_UNAVAILABLE"] as const),
      ],
      parameters: [inQuery("thumbnail", whole(16, 512))],
    }),
    operation("get", "/livez", "live", "The process is running", { answers: { 200: ok("Alive.") } }),
    operation("get", "/readyz", "ready", "Every model has just reproduced its golden example", {
      answers: { 200: ok("Ready.") },
      problems: ["MODEL_UNAVAILABLE", "SHUTTING_DOWN"],
    }),
    operation("get", "/metrics", "metrics", "Metrics for Prometheus", {
      answers: { 200: { description: "Text format.", content: { "text/plain": {} } } },
    }),
    operation("get", "/v2/models/{model}", "modelMetadata", "Open Inference Protocol: model metadata", {
      answers: { 200: ok("Inputs and outputs.") },
      problems: ["MODEL_NOT_FOUND"],
    }),
    operation("post", "/v2/models/{model}/infer", "modelInfer", "Open Inference Protocol: inference", {
      answers: { 200: ok("Outputs logit and probability.") },
      problems: IMAGE_PROBLEMS,
      description: "One input: `UINT8` [n, size, size, 3] of RGB pixels, or `BYTES` [n] with image files in base64.",
      requestBody: jsonBody(OBJECT),
    }),
  ];
}

/** The OpenAPI 3.1 document of a service. */
export function openApiDocument(context: ServiceContext): Json {
  const paths: Record<string, Json> = {};
  for (const [path, methods] of operations(context)) paths[path] = { ...paths[path], ...methods };
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
      schemas: SCHEMAS,
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer", description: "An API key, or a token of the configured issuer." },
      },
    },
    security: [{}, { apiKey: [] }, { bearer: [] }],
  };
}
