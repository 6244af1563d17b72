/** @module `POST /predict`, `POST /predict/batch` and `POST /explain`. */

import { LARGEST_GRID } from "../../../src/explanation/index";
import { parseDecimal } from "../../../src/files/index";
import { isTrainedOnDrawnTiles } from "../../../src/model-directory/index";
import { json, Problem, problemBody } from "../http/index";
import type { Answer, ServedModel } from "../models/index";
import type { Handler, RoutedRequest, ServiceContext } from "./context";
import { type RequestedImage, readImage, readImages } from "./request-images";

export const predictRoute: Handler = async (context, request) => {
  const name = request.query.get("model");
  context.models.get(name);
  byTiles(request);
  const image = await readImage(context, request);
  const { model, answer } = await predict(context, name, image, request);
  return json(predictionBody(image.filename, model, answer), 200, {
    "server-timing": serverTiming(answer, context.takeColdMs()),
  });
};

export const batchRoute: Handler = async (context, request) => {
  const model = context.models.get(request.query.get("model"));
  byTiles(request);
  const images = await readImages(context, request);
  const results = await Promise.all(images.map((image) => answerItem(context, model.name, image, request)));
  return json({
    model: model.name,
    model_sha256: model.sha256,
    threshold: model.card.threshold,
    trained_on_drawn_tiles: isTrainedOnDrawnTiles(model.card),
    results,
  });
};

async function answerItem(context: ServiceContext, name: string, image: RequestedImage, request: RoutedRequest) {
  try {
    const { model, answer } = await predict(context, name, image, request);
    return predictionBody(image.filename, model, answer);
  } catch (error) {
    const problem = context.toProblem(error, request);
    return { image_filename: image.filename, error: problemBody(problem, request.id) };
  }
}

/** Whether to predict large images tile by tile. @throws {Problem} `FIELD_INVALID` */
function byTiles({ query }: RoutedRequest): boolean {
  const value = query.get("tile") ?? "0";
  if (!["0", "1", "false", "true"].includes(value)) throw new Problem("FIELD_INVALID", "tile must be 1 or 0.");
  return value === "1" || value === "true";
}

async function predict(context: ServiceContext, name: string | null, image: RequestedImage, request: RoutedRequest) {
  const { signal } = request;
  return image.use(async (bytes) => {
    // Looked up again, because the model may have been replaced while the image was fetched.
    const model = context.models.get(name);
    const answer = await (byTiles(request) ? model.predictTiled(bytes, signal) : model.predict(bytes, signal));
    context.metrics.observe(model.name, answer);
    return { model, answer };
  });
}

/** The response for one image (`Prediction` in the API's description); times in seconds. */
function predictionBody(filename: string | null, model: ServedModel, answer: Answer) {
  return {
    image_filename: filename,
    logit: answer.logit,
    probability: answer.probability,
    predicted_class: answer.predictedClass,
    threshold: answer.threshold,
    model: model.name,
    model_sha256: model.sha256,
    preprocess_time: answer.preprocessSeconds,
    inference_time: answer.inferenceSeconds,
    in_distribution: answer.inDistribution,
    warnings: answer.warnings,
    trained_on_drawn_tiles: isTrainedOnDrawnTiles(model.card),
    ...(answer.tiles && { tiles: answer.tiles }),
  };
}

/** Times of the parts of a prediction, for browsers' tools and the page. @see https://www.w3.org/TR/server-timing/ */
function serverTiming(
  { preprocessSeconds, queueSeconds, inferenceSeconds, batchSize }: Answer,
  coldMs?: number,
): string {
  const entry = (name: string, seconds: number) => `${name};dur=${(seconds * 1000).toFixed(3)}`;
  return [
    entry("preprocess", preprocessSeconds),
    entry("queue", queueSeconds),
    `${entry("inference", inferenceSeconds)};desc="batch of ${batchSize}"`,
    ...(coldMs === undefined ? [] : [`${entry("cold", coldMs / 1000)};desc="process start to ready"`]),
  ].join(", ");
}

const DEFAULT_GRID = 12;

export const explainRoute: Handler = async (context, request) => {
  const name = request.query.get("model");
  context.models.get(name);
  const grid = parseDecimal(request.query.get("grid") ?? String(DEFAULT_GRID));
  if (!Number.isInteger(grid) || grid < 2 || grid > LARGEST_GRID) {
    throw new Problem("FIELD_INVALID", `grid must be a whole number from 2 to ${LARGEST_GRID}.`);
  }
  const image = await readImage(context, request);
  const { model, explanation } = await image.use(async (bytes) => {
    // Looked up again, because the model may have been replaced while the image was fetched.
    const model = context.models.get(name);
    return { model, explanation: await model.explain(bytes, grid, request.signal) };
  });
  const { classActivation, ...occlusion } = explanation;
  return json({
    image_filename: image.filename,
    model: model.name,
    model_sha256: model.sha256,
    method: "occlusion",
    ...occlusion,
    class_activation: classActivation,
    trained_on_drawn_tiles: isTrainedOnDrawnTiles(model.card),
  });
};
