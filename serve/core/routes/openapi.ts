/** @module The API's description. @see https://spec.openapis.org/oas/v3.1.1.html */
import { PROBLEM_CODES, type ProblemCode } from "../http/index";
import { IMAGE_NAME_RULE } from "../images/index";
import type { ServiceContext } from "./context";
import { type Json, list, number, object, SCHEMAS, schema, string, TRAINED_ON_DRAWN_TILES } from "./openapi-schemas";

const ok = (description: string, content: Json): Json => ({
  description,
  content: { "application/json": { schema: content } },
});

/** Answers for the codes, grouped by status as OpenAPI wants it. */
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

const MODEL_PARAMETER = {
  name: "model",
  in: "query",
  description: "Name of the model; default: the first loaded one.",
  schema: { type: "string" },
};

const TILE_PARAMETER = {
  name: "tile",
  in: "query",
  description:
    "1: images with a shorter side of more than twice the model's input are answered tile by tile at their own scale, by the mean over the tiles with tissue; 0 (the default): they are shrunk, with the warning `shrunk`.",
  schema: { type: "integer", enum: [0, 1], default: 0 },
};

const IMAGE_NAME = string(`A name in the image source. ${IMAGE_NAME_RULE}`);

const IMAGE_BODY = {
  required: true,
  content: {
    "application/json": { schema: object({ image_filename: IMAGE_NAME }) },
    "multipart/form-data": { schema: object({ image: { type: "string", format: "binary" } }) },
    ...Object.fromEntries(
      ["png", "jpeg", "webp", "tiff"].map((type) => [
        `image/${type}`,
        { schema: { type: "string", format: "binary" } },
      ]),
    ),
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

const SLIDE_ID = { name: "id", in: "path", required: true, schema: { type: "string" } };
const SLIDE_PROBLEMS = ["IMAGE_NAME_INVALID", "IMAGE_NOT_FOUND", "IMAGE_TOO_LARGE", "SLIDES_UNSUPPORTED"] as const;

function paths({ limits }: ServiceContext): Json {
  const modelPath = { name: "model", in: "path", required: true, schema: { type: "string" } };
  return {
    "/predict": {
      post: {
        operationId: "predict",
        summary: "Classify one image",
        description: `By name, as a form file or as raw bytes; at most ${limits.bodyBytes} bytes.`,
        parameters: [MODEL_PARAMETER, TILE_PARAMETER],
        requestBody: IMAGE_BODY,
        responses: { 200: ok("The prediction.", schema("Prediction")), ...problems(...IMAGE_PROBLEMS) },
      },
    },
    "/predict/batch": {
      post: {
        operationId: "predictBatch",
        summary: "Classify many images",
        description: `At most ${limits.batchItems} images and ${limits.batchBytes} bytes. A bad image is an error of its item alone.`,
        parameters: [MODEL_PARAMETER, TILE_PARAMETER],
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: object({ image_filenames: list(IMAGE_NAME) }) },
            "multipart/form-data": { schema: object({ image: list({ type: "string", format: "binary" }) }) },
          },
        },
        responses: {
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
          ...problems(...IMAGE_PROBLEMS, "TOO_MANY_ITEMS"),
        },
      },
    },
    "/explain": {
      post: {
        operationId: "explain",
        summary: "Show what the model looked at",
        description: "Covers the parts of the image one by one and measures how the logit changes.",
        parameters: [
          MODEL_PARAMETER,
          { name: "grid", in: "query", schema: { type: "integer", minimum: 2, maximum: 28, default: 12 } },
        ],
        requestBody: IMAGE_BODY,
        responses: {
          200: ok(
            "The contributions, row-major, grid x grid; positive ones speak for the positive class. Of networks that end in a global average, also what each place adds to the logit.",
            object({
              logit: { type: "number" },
              grid: { type: "integer" },
              contributions: list({ type: "number" }),
              class_activation: {
                anyOf: [
                  object({ grid: { type: "integer" }, contributions: list({ type: "number" }) }),
                  { type: "null" },
                ],
              },
              trained_on_drawn_tiles: TRAINED_ON_DRAWN_TILES,
            }),
          ),
          ...problems(...IMAGE_PROBLEMS),
        },
      },
    },
    "/feedback": {
      post: {
        operationId: "keepFeedback",
        summary: "Keep what a person calls an image, where the server has a file for it",
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: object(
                {
                  image_filename: string("What the image is called."),
                  model: string("The model that answered; the default one where absent."),
                  label: string("One of the model's classes."),
                  logit: number("What the model answered."),
                  probability: number("What the model answered."),
                  threshold: number("The threshold at which it was judged."),
                },
                ["image_filename", "label", "logit", "probability", "threshold"],
              ),
            },
          },
        },
        responses: {
          204: { description: "Kept." },
          ...problems(
            "JSON_MALFORMED",
            "FIELD_INVALID",
            "FEEDBACK_NOT_CONFIGURED",
            "MODEL_NOT_FOUND",
            "BODY_TOO_LARGE",
            "FEEDBACK_FULL",
          ),
        },
      },
    },
    "/slides": {
      post: {
        operationId: "startSlide",
        summary: "Predict a whole slide of the image source, in the background",
        parameters: [MODEL_PARAMETER],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: object(
                {
                  slide: string("Name of a slide in the image source."),
                  mpp: number("Micrometres per pixel of the model's tiles; its card's where absent."),
                  slide_mpp: number("Micrometres a pixel of the slide; what the file says where absent."),
                  overlap: number("Share of a tile that the next one covers too, 0 to 0.9."),
                },
                ["slide"],
              ),
            },
          },
        },
        responses: {
          202: ok("Accepted; `location` says where its progress is.", { type: "object" }),
          ...problems(...SLIDE_PROBLEMS, "JSON_MALFORMED", "FIELD_INVALID", "MODEL_NOT_FOUND", "QUEUE_FULL"),
        },
      },
      get: {
        operationId: "listSlides",
        summary: "Slides of the image source, and those that were asked for",
        responses: { 200: ok("Names and jobs.", { type: "object" }), ...problems("SLIDES_UNSUPPORTED") },
      },
    },
    "/slides/{id}": {
      get: {
        operationId: "slide",
        summary: "Progress of a slide, then its summary and the paths of its files",
        parameters: [SLIDE_ID],
        responses: { 200: ok("State.", { type: "object" }), ...problems("SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED") },
      },
    },
    "/slides/{id}/cancel": {
      post: {
        operationId: "cancelSlide",
        summary: "Stop a slide",
        parameters: [SLIDE_ID],
        responses: { 200: ok("State.", { type: "object" }), ...problems("SLIDE_NOT_FOUND", "SLIDES_UNSUPPORTED") },
      },
    },
    "/info": {
      get: {
        operationId: "info",
        summary: "Models, classes, thresholds, inputs, metrics and version",
        responses: { 200: ok("What is loaded.", { type: "object" }), ...problems() },
      },
    },
    "/models/{model}/curves": {
      get: {
        operationId: "curves",
        summary: "Training history and curves of the run that a model came from",
        parameters: [modelPath],
        responses: {
          200: ok("History and curves; null if the run is not available.", { type: "object" }),
          ...problems("MODEL_NOT_FOUND"),
        },
      },
    },
    "/models/{model}/met": {
      get: {
        operationId: "met",
        summary: "Measures of a random sample of the images that a model answered for, for histo eda --against",
        parameters: [modelPath],
        responses: { 200: ok("At most 500 images; no pixels.", schema("Met")), ...problems("MODEL_NOT_FOUND") },
      },
    },
    "/images": {
      get: {
        operationId: "listImages",
        summary: "Names in the image source, with labels if known",
        parameters: [
          { name: "offset", in: "query", schema: { type: "integer", minimum: 0 } },
          { name: "limit", in: "query", schema: { type: "integer", minimum: 0, maximum: 5000 } },
        ],
        responses: { 200: ok("The images.", { type: "object" }), ...problems("IMAGE_SOURCE_UNAVAILABLE") },
      },
    },
    "/images/{name}": {
      get: {
        operationId: "getImage",
        summary: "An image of the source",
        parameters: [
          { name: "name", in: "path", required: true, schema: IMAGE_NAME },
          { name: "thumbnail", in: "query", schema: { type: "integer", minimum: 16, maximum: 512 } },
        ],
        responses: {
          200: { description: "The image.", content: { "image/*": {} } },
          ...problems(
            "IMAGE_NAME_INVALID",
            "IMAGE_NAME_AMBIGUOUS",
            "IMAGE_NOT_FOUND",
            "IMAGES_NOT_CONFIGURED",
            "IMAGE_SOURCE_UNAVAILABLE",
          ),
        },
      },
    },
    "/livez": {
      get: { operationId: "live", summary: "The process is up", responses: { 200: ok("Alive.", { type: "object" }) } },
    },
    "/readyz": {
      get: {
        operationId: "ready",
        summary: "Every model has just given its golden answer",
        responses: { 200: ok("Ready.", { type: "object" }), ...problems("MODEL_UNAVAILABLE", "SHUTTING_DOWN") },
      },
    },
    "/metrics": {
      get: {
        operationId: "metrics",
        summary: "Counters for Prometheus",
        responses: { 200: { description: "Text format.", content: { "text/plain": {} } } },
      },
    },
    "/v2/models/{model}": {
      get: {
        operationId: "modelMetadata",
        summary: "Open Inference Protocol: model metadata",
        parameters: [modelPath],
        responses: { 200: ok("Inputs and outputs.", { type: "object" }), ...problems("MODEL_NOT_FOUND") },
      },
    },
    "/v2/models/{model}/infer": {
      post: {
        operationId: "modelInfer",
        summary: "Open Inference Protocol: inference",
        description: "One input: `UINT8` [n, size, size, 3] of RGB pixels, or `BYTES` [n] with image files in base64.",
        parameters: [modelPath],
        requestBody: { required: true, content: { "application/json": { schema: { type: "object" } } } },
        responses: { 200: ok("Outputs logit and probability.", { type: "object" }), ...problems(...IMAGE_PROBLEMS) },
      },
    },
  };
}

/** The OpenAPI 3.1 document of a context. */
export function openApiDocument(context: ServiceContext): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Histology image classification",
      version: context.version,
      description: "Classifies tissue tiles with exported models. Errors are RFC 9457 problem JSON with a stable code.",
    },
    servers: [{ url: "/" }],
    paths: paths(context),
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
