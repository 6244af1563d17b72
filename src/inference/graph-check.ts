/** @module Whether a graph is what its card says, so that a card written by hand gives right answers or none. */
import { join } from "node:path";
import { InputError } from "../errors/index";
import type { ModelCard, ModelDirectory } from "../model-directory/index";
import type { GraphSession, TensorDescription } from "../onnxruntime/index";

/** How many numbers a graph gives for each image. */
const VALUES_PER_IMAGE = { logit: 1, probability: 1, logits2: 2 } as const;

/** Shape of the input for `count` images. */
export function inputShape({ input, preprocessing: { size } }: ModelCard, count: number): number[] {
  return input.layout === "NHWC" ? [count, size, size, 3] : [count, 3, size, size];
}

/**
 * Compares names, types and shapes as the graph declares them with the card.
 * @returns whether the shapes were declared in full; where not, only a run can tell
 * @throws {InputError} `MODEL_CARD_INVALID`, naming `model.json` and the key
 */
export function checkGraph(directory: ModelDirectory, { inputs, outputs }: GraphSession): boolean {
  const { card } = directory;
  const input = named(directory, "input.name", card.input.name, inputs);
  const output = named(directory, "output.name", card.output.name, outputs);
  const further = inputs.filter((other) => other !== input).map(({ name }) => name);
  if (further.length > 0) {
    throw invalid(
      directory,
      `the graph wants ${further.join(", ")} beside input.name ${input.name}; export it with the image as its only input, the others fixed.`,
    );
  }
  if (input.type !== card.input.dtype) {
    throw invalid(
      directory,
      `input.dtype is ${card.input.dtype}; the graph takes ${input.type}.${remedyFor(input.type)}`,
    );
  }
  if (output.type !== "float32") {
    throw invalid(
      directory,
      `output.name is ${output.name}, which is ${output.type}; it must be float32.${remedyFor(output.type)}`,
    );
  }
  checkInputShape(directory, input.shape);
  const perImage = output.shape.slice(1);
  const known = output.shape.length > 0 && perImage.every((extent) => typeof extent === "number");
  if (known)
    checkOutputLength(
      directory,
      perImage.reduce<number>((product, extent) => product * Number(extent), 1),
      1,
    );
  return known && input.shape.length > 0 && input.shape.slice(1).every((extent) => typeof extent === "number");
}

/** How many images a graph takes at once, where its first axis has a fixed length. */
export function fixedBatch({ card }: ModelDirectory, { inputs }: GraphSession): number | undefined {
  const [batch] = inputs.find(({ name }) => name === card.input.name)?.shape ?? [];
  return typeof batch === "number" && batch > 0 ? batch : undefined;
}

/**
 * Requires as many numbers as the card's `output.kind` has for `count` images.
 * @throws {InputError} `MODEL_CARD_INVALID`
 */
export function checkOutputLength(directory: ModelDirectory, length: number, count: number): void {
  const { kind } = directory.card.output;
  const expected = VALUES_PER_IMAGE[kind];
  if (length === expected * count) return;
  const hint = length === 2 * count ? ' (two numbers are "logits2")' : "";
  throw invalid(
    directory,
    `output.kind ${kind} is ${expected} number${expected === 1 ? "" : "s"} for each image; the graph gives ${length / count}${hint}.`,
  );
}

/** The error for a graph that fails on an image of the shape that its card asks for. */
export function cannotRun(directory: ModelDirectory, reason: string): InputError {
  const shape = inputShape(directory.card, 1).join(", ");
  const [line] = reason.split("\n");
  return invalid(directory, `the graph cannot run on [${shape}]; check input.layout and preprocessing.size. ${line}`);
}

/** What to do about a graph whose inputs or outputs are no type that is read. */
function remedyFor(type: string): string {
  if (type === "float32" || type === "uint8") return "";
  const keep = type === "float16" ? " (keep_io_types=True of onnxconverter_common.float16)" : "";
  return ` Export it with float32 or uint8 input and float32 output${keep}.`;
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
  if (declared.length !== 4 || !expected.every(fits)) {
    const { input, preprocessing } = directory.card;
    throw invalid(
      directory,
      `input.layout ${input.layout} and preprocessing.size ${preprocessing.size} make images of [n, ${expected.join(", ")}]; the graph takes [${declared.join(", ")}].`,
    );
  }
}

function invalid({ path }: ModelDirectory, problem: string): InputError {
  return new InputError("MODEL_CARD_INVALID", `${join(path, "model.json")}: ${problem}`);
}
