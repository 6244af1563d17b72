/** @module Checks that a graph matches its card, so that a card written by hand gives right answers or an error, and prepares its input. */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index";
import { sizeOf } from "../files/index";
import { counted } from "../format/index";
import type { ModelCard, ModelDirectory } from "../model-directory/index";
import { FLOAT_TYPES, type GraphSession, type InputTensor, type TensorDescription } from "../onnxruntime/index";

const VALUES_PER_IMAGE = { logit: 1, probability: 1, logits2: 2, probabilities2: 2 } as const;

/** Shape of the input for `count` images. */
function inputShape({ input, preprocessing: { size } }: ModelCard, count: number): number[] {
  return input.layout === "NHWC" ? [count, size, size, 3] : [count, 3, size, size];
}

/**
 * Compares the names, types and shapes that the graph declares with the card.
 * @returns whether all shapes were declared; if not, only a run can check them
 * @throws {InputError} `MODEL_CARD_INVALID`, naming `model.json` and the key
 */
export function checkGraph(directory: ModelDirectory, { inputs, outputs }: GraphSession): boolean {
  const { card } = directory;
  const fail = (problem: string) => {
    throw invalid(directory, problem);
  };
  const input = named(directory, "input.name", card.input.name, inputs);
  const output = named(directory, "output.name", card.output.name, outputs);
  const others = inputs.filter((other) => other !== input).map(({ name }) => name);
  if (others.length > 0) {
    const remedy = "export it with the image as its only input and fixed values for the others";
    fail(`the graph needs ${others.join(", ")} besides input.name ${input.name}; ${remedy}.`);
  }
  if (input.type !== card.input.dtype) {
    const isRead = input.type === "uint8" || FLOAT_TYPES.includes(input.type);
    const remedy = isRead ? `write ${input.type}` : "export it with float32 or uint8 input";
    fail(`input.dtype is ${card.input.dtype}; the graph takes ${input.type}: ${remedy}.`);
  }
  if (!FLOAT_TYPES.includes(output.type)) {
    fail(`output.name is ${output.name}, which is ${output.type}; name an output of float numbers.`);
  }
  checkInputShape(directory, input.shape);
  const isFixed = ({ shape }: TensorDescription) =>
    shape.length > 0 && shape.slice(1).every((extent) => typeof extent === "number");
  if (isFixed(output)) checkOutputLength(directory, sizeOf(output.shape.slice(1).map(Number)), 1);
  return isFixed(output) && isFixed(input);
}

/** Number of images that a graph takes at once, if its first axis has a fixed length. */
export function fixedBatch({ card }: ModelDirectory, { inputs }: GraphSession): number | undefined {
  const [batch] = inputs.find(({ name }) => name === card.input.name)?.shape ?? [];
  return typeof batch === "number" && batch > 0 ? batch : undefined;
}

/**
 * Checks that a graph's output has as many numbers as the card's `output.kind` requires for `count` images.
 * @throws {InputError} `MODEL_CARD_INVALID`
 */
export function checkOutputLength(directory: ModelDirectory, length: number, count: number): void {
  const { kind } = directory.card.output;
  const expected = VALUES_PER_IMAGE[kind];
  if (length === expected * count) return;
  const hint = length === 2 * count ? ' (two numbers are "logits2", or "probabilities2" after a softmax)' : "";
  const numbers = counted(expected, "number");
  const problem = `output.kind ${kind} is ${numbers} for each image; the graph gives ${length / count}${hint}.`;
  throw invalid(directory, problem);
}

/** Operators whose values are probabilities. */
const PROBABILITIES: ReadonlySet<string> = new Set(
  "Sigmoid HardSigmoid Softmax QLinearSigmoid QLinearSoftmax".split(" "),
);
const AS_PROBABILITIES: Readonly<Partial<Record<ModelCard["output"]["kind"], string>>> = {
  logit: "probability",
  logits2: "probabilities2",
};

/** Checks that a graph whose card promises logits does not end in a sigmoid or softmax. @throws {InputError} `MODEL_CARD_INVALID` */
export async function checkLastOperator(directory: ModelDirectory): Promise<void> {
  const { output, graph } = directory.card;
  const right = AS_PROBABILITIES[output.kind];
  if (right === undefined) return;
  // Loaded only here, because predictions do not need to read graphs.
  const { lastOperator } = await import("../onnx/index.js");
  const operator = await lastOperator(join(directory.path, graph), output.name);
  if (operator === undefined || !PROBABILITIES.has(operator)) return;
  const problem = `output.kind is ${output.kind}; the graph ends in ${operator}, so that it gives probabilities: write ${right}.`;
  throw invalid(directory, problem);
}

/** Tolerance for probabilities outside 0 to 1 and for their sum, as in a graph with 8 bits. */
const ROUNDING = 0.02;

/**
 * Checks that the values are possible for the card's `output.kind`: probabilities from 0 to 1, and logits that do not
 * always add up to 1.
 * @param output of several images, where logits are to be told from probabilities
 * @throws {InputError} `MODEL_CARD_INVALID`
 */
export function checkOutputValues(directory: ModelDirectory, output: Float32Array): void {
  const { kind } = directory.card.output;
  if (kind === "logit") return;
  const found = output.find((value) => value < -ROUNDING || value > 1 + ROUNDING);
  const isPairs = kind !== "probability" && output.every((value, i) => i % 2 > 0 || sumsToOne(value, output[i + 1]));
  if (kind === "logits2") {
    if (found !== undefined || !isPairs) return;
    throw invalid(
      directory,
      "output.kind is logits2; the graph gives two probabilities for each image, as after a softmax: write probabilities2.",
    );
  }
  if (found !== undefined) {
    const logits = kind === "probability" ? "logit" : "logits2";
    throw invalid(directory, `output.kind is ${kind}; the graph gives ${found}, which is none: is it ${logits}?`);
  }
  if (kind === "probabilities2" && !isPairs) {
    throw invalid(
      directory,
      `output.kind is ${kind}; the graph gives ${output[0]} and ${output[1]}, whose sum is not 1.`,
    );
  }
}

function sumsToOne(one: number, other = Number.NaN): boolean {
  return Math.abs(one + other - 1) <= ROUNDING;
}

/** The error for a graph that fails on an image with the shape in its card. */
export function cannotRun(directory: ModelDirectory, reason: string): InputError {
  const shape = inputShape(directory.card, 1).join(", ");
  const [line] = reason.split("\n");
  return invalid(directory, `the graph cannot run on [${shape}]; check input.layout and preprocessing.size. ${line}`);
}

function named(directory: ModelDirectory, key: string, name: string, known: readonly TensorDescription[]) {
  const found = known.find((tensor) => tensor.name === name);
  if (found) return found;
  throw invalid(directory, `${key} is ${name}; the graph has ${known.map((tensor) => tensor.name).join(", ")}.`);
}

function checkInputShape(directory: ModelDirectory, declared: TensorDescription["shape"]): void {
  if (declared.length === 0) return;
  const [, ...expected] = inputShape(directory.card, 1);
  const fits = (extent: number, i: number) => typeof declared[i + 1] === "string" || declared[i + 1] === extent;
  if (declared.length === 4 && expected.every(fits)) return;
  const { input, preprocessing } = directory.card;
  const claim = `input.layout ${input.layout} and preprocessing.size ${preprocessing.size}`;
  const shapes = `make images of [n, ${expected.join(", ")}]; the graph takes [${declared.join(", ")}]`;
  throw invalid(directory, `${claim} ${shapes}.`);
}

function invalid({ path }: ModelDirectory, problem: string): InputError {
  return new InputError("MODEL_CARD_INVALID", `${join(path, "model.json")}: ${problem}`);
}

/** Operators that compute a range over their whole input. */
const OPERATORS = /DynamicQuantize(?:Linear|MatMul|LSTM)/;
const LONGEST = 22;
/** Larger than differences of the same logit that rounding in single precision causes. */
const TOLERANCE = 1e-4;

/**
 * Finds out whether the images of a batch change each other's logits. Dynamic quantization causes this, because it rounds
 * activations by a step that depends on the range of the whole batch. Searches the file for its operators, and then runs a faint
 * image alone and together with an image of strong contrast.
 * @param graphPath the ONNX file
 * @param bytes size of an image
 * @param logits computes the logits of images, uint8 [count, bytes]
 */
export async function dependsOnBatch(
  graphPath: string,
  bytes: number,
  logits: (pixels: Uint8Array, count: number) => Promise<Float32Array>,
): Promise<boolean> {
  if (await namesDynamicOperator(graphPath)) return true;
  const pair = new Uint8Array(2 * bytes);
  for (let i = 0; i < bytes; i++) {
    const noise = (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255;
    pair[i] = 112 + (noise >> 3);
    pair[bytes + i] = noise < 128 ? 0 : 255;
  }
  const [alone = 0] = await logits(pair.subarray(0, bytes), 1);
  const [beside = 0] = await logits(pair, 2);
  return Math.abs(alone - beside) > TOLERANCE * (1 + Math.abs(alone));
}

async function namesDynamicOperator(path: string): Promise<boolean> {
  let end = "";
  for await (const chunk of createReadStream(path, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    if (OPERATORS.test(end + chunk)) return true;
    end = (chunk as string).slice(-LONGEST);
  }
  return false;
}

/** The graph's input for `count` images. @param pixels uint8, RGB, [count, size, size, 3] */
export function modelInput(pixels: Uint8Array, count: number, card: ModelCard): InputTensor {
  const { input, preprocessing } = card;
  const { size } = preprocessing;
  if (pixels.length !== count * size * size * 3) {
    throw new RangeError(`${pixels.length} bytes are not ${count} images of ${size}x${size} RGB pixels.`);
  }
  const shape = inputShape(card, count);
  const ordered = input.layout === "NHWC" ? pixels : channelsFirst(pixels, count, size * size);
  if (input.dtype === "uint8") return { type: "uint8", data: ordered, shape };
  const { mean, std } = preprocessing;
  const data = new Float32Array(ordered.length);
  const plane = input.layout === "NHWC" ? 1 : size * size;
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / plane) % 3;
    data[i] = ((ordered[i] as number) / 255 - (mean[channel] as number)) / (std[channel] as number);
  }
  return { type: "float32", data, shape };
}

function channelsFirst(pixels: Uint8Array, count: number, plane: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let image = 0, from = 0; image < count; image++) {
    const start = image * plane * 3;
    for (let i = 0; i < plane; i++) {
      for (let channel = 0; channel < 3; channel++) out[start + channel * plane + i] = pixels[from++] as number;
    }
  }
  return out;
}
