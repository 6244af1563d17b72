/** @module Classifiers as other projects export them: an ONNX graph and a hand-written `model.json`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../src/files/index";
import { ExternalData } from "../../src/onnx/external-data";
import { GraphBuilder, type GraphValue } from "../../src/onnx/graph";

/** Edge length of the images that they take. */
export const FOREIGN_SIZE = 8;
/** Values of an image. */
export const FOREIGN_VALUES = FOREIGN_SIZE * FOREIGN_SIZE * 3;

/** What is usual in them and may be said differently. */
interface ForeignOptions {
  readonly input?: Partial<GraphValue>;
  readonly layout?: "NCHW" | "NHWC";
  readonly kind?: "logit" | "probability" | "logits2";
  readonly scores?: GraphValue["shape"];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/**
 * Writes a model directory. Unless said otherwise its input `image` is float32 [n, 3, 8, 8] on the scale 0 to 1, its output one
 * logit an image.
 * @param body from the input to the output [n, 1]
 */
export async function writeForeignModel(
  directory: string,
  body: (graph: GraphBuilder, image: string) => Promise<string> | string,
  options: ForeignOptions = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const external = new ExternalData(directory, "weights.bin");
  const graph = new GraphBuilder(external);
  const layout = options.layout ?? "NCHW";
  const image: GraphValue = {
    name: "image",
    type: "float32",
    shape: layout === "NCHW" ? ["n", 3, FOREIGN_SIZE, FOREIGN_SIZE] : ["n", FOREIGN_SIZE, FOREIGN_SIZE, 3],
    ...options.input,
  };
  graph.name(await body(graph, image.name), "scores");
  const scores: GraphValue = { name: "scores", type: "float32", shape: options.scores ?? ["n", 1] };
  await writeFile(join(directory, "classifier.onnx"), await graph.encode([image], [scores]));
  await external.close();
  await writeJson(join(directory, "model.json"), {
    format: "histo-model/1",
    name: "theirs",
    classes: ["benign", "malignant"],
    threshold: 0.5,
    graph: "classifier.onnx",
    input: { name: image.name, dtype: image.type === "uint8" ? "uint8" : "float32", layout },
    output: { name: "scores", kind: options.kind ?? "logit" },
    preprocessing: {
      size: FOREIGN_SIZE,
      resize: "stretch",
      mean: options.mean ?? [0, 0, 0],
      std: options.std ?? [1, 1, 1],
    },
  });
  return directory;
}

/** Pixels [n, size, size, 3] in the order in which a graph with channels first sees them: [n, 3, size, size]. */
export function channelsFirst(pixels: Uint8Array): Uint8Array {
  const plane = FOREIGN_SIZE * FOREIGN_SIZE;
  return pixels.map((_, i) => {
    const [image, channel, at] = [Math.floor(i / (3 * plane)), Math.floor(i / plane) % 3, i % plane];
    return pixels[image * 3 * plane + at * 3 + channel] as number;
  });
}
