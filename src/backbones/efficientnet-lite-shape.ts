/**
 * @module The layers of EfficientNet-Lite networks, and the names of their weights in the PyTorch port.
 * @see Tan and Le 2019, table 1 (the stages of B0) and section 3.3 (how they are scaled)
 */
import type { EfficientNetLiteOptions, InvertedBottleneck } from "../models/index";

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
