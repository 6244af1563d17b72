/**
 * @module The Open Inference Protocol over REST.
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import { counted } from "../../../src/format/index";
import { decisionOn, sigmoid } from "../../../src/logits/index";
import { isTrainedOnDrawnTiles } from "../../../src/model-directory/index";
import { json, Problem, readJsonBody } from "../http/index";
import type { Metrics } from "../metrics";
import type { ModelRegistry, ServedModel } from "../models/index";
import type { Handler, RoutedRequest } from "./context";

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: unknown;
}

export const serverMetadataRoute: Handler = ({ version }) => json({ name: "histo", version, extensions: [] });

export const modelMetadataRoute: Handler = ({ models }, { parameters }) => {
  const { name, card } = modelOf(models, parameters);
  const { size } = card.preprocessing;
  return json({
    name,
    versions: [versionOf(card)],
    platform: "onnx_onnxruntime",
    inputs: [{ name: card.input.name, datatype: "UINT8", shape: [-1, size, size, 3] }],
    outputs: [
      { name: "logit", datatype: "FP32", shape: [-1, 1] },
      { name: "probability", datatype: "FP32", shape: [-1, 1] },
    ],
  });
};

export const modelReadyRoute: Handler = ({ models, phase }, { parameters }) => {
  const { name } = modelOf(models, parameters);
  if (phase !== "serving") throw new Problem("MODEL_UNAVAILABLE");
  return json({ name, ready: true });
};

/**
 * Inference on one input tensor: `UINT8` of shape [n, size, size, 3] with raw RGB pixels, or `BYTES` of shape [n] with
 * base64 of image files.
 */
export const inferRoute: Handler = async ({ models, limits, metrics }, request) => {
  const model = modelOf(models, request.parameters);
  const body = readJsonBody(request.body);
  const input = inputOf(body);
  const wanted = wantedOutputs(body);
  const count = countOf(input, model, limits.batchItems);
  const logits =
    input.datatype === "BYTES"
      ? await answerImages(model, decodeImages(input.data, count), request.signal, metrics)
      : await answerPixels(model, decodePixels(input.data, input.shape), count, request.signal, metrics);
  const outputs = { logit: [...logits], probability: logits.map(sigmoid) };
  const drawn = isTrainedOnDrawnTiles(model.card);
  return json({
    model_name: model.name,
    model_version: versionOf(model.card),
    ...(typeof body.id === "string" ? { id: body.id } : {}),
    ...(drawn === null ? {} : { parameters: { trained_on_drawn_tiles: drawn } }),
    outputs: wanted.map((name) => ({ name, datatype: "FP32", shape: [count, 1], data: outputs[name] })),
  });
};

function modelOf(models: ModelRegistry, { model, version }: RoutedRequest["parameters"]): ServedModel {
  const found = models.get(model);
  if (version !== undefined && version !== versionOf(found.card)) {
    throw new Problem("MODEL_NOT_FOUND", "The model is not loaded in this version.");
  }
  return found;
}

function versionOf(card: ServedModel["card"]): string {
  return card.version ?? "1";
}

function inputOf({ inputs }: Readonly<Record<string, unknown>>): Tensor {
  if (!Array.isArray(inputs) || inputs.length !== 1) throw new Problem("FIELD_INVALID", "inputs must hold one tensor.");
  const tensor = inputs[0] as Partial<Tensor> | null;
  const { shape, datatype, data } = tensor ?? {};
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new Problem("FIELD_INVALID", "The input's shape must be a list of whole numbers above 0.");
  }
  if (datatype !== "UINT8" && datatype !== "BYTES") {
    throw new Problem("FIELD_INVALID", "The input's datatype must be UINT8 (pixels) or BYTES (image files in base64).");
  }
  return { name: String(tensor?.name ?? ""), shape, datatype, data };
}

type OutputName = "logit" | "probability";

function wantedOutputs({ outputs }: Readonly<Record<string, unknown>>): OutputName[] {
  if (outputs === undefined) return ["logit", "probability"];
  const names = Array.isArray(outputs) ? outputs.map((output) => (output as { name?: unknown } | null)?.name) : [];
  if (names.length === 0 || !names.every((name) => name === "logit" || name === "probability")) {
    throw new Problem("FIELD_INVALID", "outputs may name logit and probability.");
  }
  return names as OutputName[];
}

function countOf({ shape, datatype }: Tensor, { card }: ServedModel, most: number): number {
  const { size } = card.preprocessing;
  const expected = datatype === "BYTES" ? [] : [size, size, 3];
  const [count = 0, ...rest] = shape;
  const isOneColumn = datatype === "BYTES" && rest.length === 1 && rest[0] === 1;
  if (!isOneColumn && (rest.length !== expected.length || rest.some((extent, i) => extent !== expected[i]))) {
    const message = `The input's shape must be [n${expected.map((extent) => `, ${extent}`).join("")}].`;
    throw new Problem("FIELD_INVALID", message);
  }
  if (count > most) throw new Problem("TOO_MANY_ITEMS", `At most ${counted(most, "image")} per request.`);
  return count;
}

/** Numbers in row-major order, flat or nested. */
function decodePixels(data: unknown, shape: readonly number[]): Uint8Array {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (!Array.isArray(data)) throw new Problem("FIELD_INVALID", "The input's data must be a list.");
  const flat: unknown[] = Array.isArray(data[0]) ? data.flat(shape.length - 1) : data;
  if (flat.length !== size)
    throw new Problem("FIELD_INVALID", `The input's data has ${counted(flat.length, "value")}, not ${size}.`);
  const pixels = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const value = flat[i];
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255) {
      throw new Problem("FIELD_INVALID", "UINT8 data must be whole numbers from 0 to 255.");
    }
    pixels[i] = value as number;
  }
  return pixels;
}

function decodeImages(data: unknown, count: number): Uint8Array[] {
  const items: unknown[] = Array.isArray(data) ? data.flat(1) : [];
  if (items.length !== count || !items.every((item) => typeof item === "string" && /^[\w+/=-]+$/.test(item))) {
    throw new Problem("FIELD_INVALID", `BYTES data must be ${count} images in base64.`);
  }
  return items.map((item) => Buffer.from(item as string, "base64"));
}

async function answerImages(
  model: ServedModel,
  images: readonly Uint8Array[],
  signal: AbortSignal,
  metrics: Metrics,
): Promise<readonly number[]> {
  const answers = await Promise.all(
    images.map((image, i) => model.predict(image, signal).catch((error: unknown) => Promise.reject(ofImage(i, error)))),
  );
  for (const answer of answers) metrics.observe(model.name, answer);
  return answers.map(({ logit }) => logit);
}

/** The protocol answers a request as a whole, so that the problem has to say which image it is of. */
function ofImage(index: number, error: unknown): unknown {
  if (!(error instanceof Problem) || error.status >= 500) return error;
  return new Problem(error.code, `data[${index}]: ${error.message}`, error.headers, { cause: error });
}

async function answerPixels(
  model: ServedModel,
  pixels: Uint8Array,
  count: number,
  signal: AbortSignal,
  metrics: Metrics,
): Promise<readonly number[]> {
  const logits = await model.infer(pixels, count, signal);
  for (const logit of logits) metrics.count(model.name, decisionOn(logit, model.card).predictedClass);
  return logits;
}
