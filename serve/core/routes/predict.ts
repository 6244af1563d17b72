/** @module `POST /predict` and `POST /predict/batch`. */

import { json, Problem, type ServiceRequest, type ServiceResponse } from "../http/index";
import type { Answer, ServedModel } from "../models/index";
import type { Service } from "../service";
import { type RequestedImage, readImage, readImages } from "./request-images";

/** The answer for one image, as the contract names its members. Times in seconds. */
interface PredictionBody {
  readonly image_filename: string | null;
  readonly logit: number;
  readonly probability: number;
  readonly predicted_class: string;
  readonly threshold: number;
  readonly model: string;
  readonly model_sha256: string;
  readonly preprocess_time: number;
  readonly inference_time: number;
  readonly in_distribution: number | null;
  readonly warnings: readonly string[];
}

export async function predictRoute(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  const name = request.query.get("model");
  service.models.get(name);
  const image = await readImage(service, request);
  const { model, answer } = await predict(service, name, image, request);
  return json(predictionBody(image.filename, model, answer), 200, {
    "server-timing": serverTiming(answer, service.takeColdMs()),
  });
}

export async function batchRoute(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  const model = service.models.get(request.query.get("model"));
  const images = await readImages(service, request);
  const results = await Promise.all(images.map((image) => answerItem(service, model.name, image, request)));
  return json({ model: model.name, model_sha256: model.sha256, threshold: model.card.threshold, results });
}

async function answerItem(service: Service, name: string, image: RequestedImage, request: ServiceRequest) {
  try {
    const { model, answer } = await predict(service, name, image, request);
    return predictionBody(image.filename, model, answer);
  } catch (error) {
    const response = service.problem(error, request);
    const problem = error instanceof Problem ? error : JSON.parse(response.body as string);
    return { image_filename: image.filename, error: problem };
  }
}

async function predict(service: Service, name: string | null, image: RequestedImage, { signal }: ServiceRequest) {
  return image.use(async (bytes) => {
    // Looked up again: the model may have been replaced while the image was fetched.
    const model = service.models.get(name);
    const answer = await model.predict(bytes, signal);
    service.metrics.observe(model.name, answer);
    return { model, answer };
  });
}

function predictionBody(filename: string | null, model: ServedModel, answer: Answer): PredictionBody {
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
  };
}

/** Where the time went, for browsers' tools and the page. @see https://www.w3.org/TR/server-timing/ */
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
