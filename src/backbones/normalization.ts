/** @module The image normalization of a backbone: from the user, from a file in its folder, or ImageNet's. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";

/** `(byte / 255 - mean) / std` by channel, and the edge length of the images if it is known. */
export interface BackboneNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly size?: number;
}

/** Mean and standard deviation for models trained on ImageNet. */
const IMAGENET: BackboneNormalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The keys of transformers' `preprocessor_config.json` that are used here. */
interface PreprocessorConfig {
  readonly image_mean?: number[];
  readonly image_std?: number[];
  readonly rescale_factor?: number;
  readonly do_rescale?: boolean;
  readonly do_normalize?: boolean;
  readonly do_center_crop?: boolean;
  readonly size?: number | EdgeLengths;
  readonly crop_size?: number | EdgeLengths;
}
interface EdgeLengths {
  readonly height?: number;
  readonly shortest_edge?: number;
}

/** The keys of timm's `config.json` that are used here. */
interface TimmConfig {
  readonly pretrained_cfg?: { readonly mean?: number[]; readonly std?: number[]; readonly input_size?: number[] };
}

/** Files with the normalization, in the folder of a backbone. */
export const PREPROCESSING_FILES = ["preprocessor_config.json", "config.json"] as const;

/**
 * The normalization of a backbone. @param given the user's; an empty list means not given @param known used if its folder has none
 * @throws {InputError} `OPTION_RANGE` unless mean and standard deviation are three numbers, the latter above 0
 */
export async function normalizationOf(
  file: string,
  given: { readonly mean: readonly number[]; readonly std: readonly number[] },
  { mean, std, size }: BackboneNormalization = IMAGENET,
): Promise<BackboneNormalization> {
  const found = (await fromTransformers(file)) ?? (await fromTimm(file)) ?? { mean, std, ...(size && { size }) };
  const choose = (key: "mean" | "std") => (given[key].length > 0 ? given[key] : found[key]);
  const result = { ...found, mean: choose("mean"), std: choose("std") };
  if (result.mean.length !== 3 || result.std.length !== 3 || !result.std.every((value) => value > 0)) {
    const message =
      "--backbone-mean and --backbone-std must be three numbers each, such as 0.5,0.5,0.5, with --backbone-std above 0.";
    throw new InputError("OPTION_RANGE", message);
  }
  return result;
}

async function fromTransformers(file: string): Promise<BackboneNormalization | undefined> {
  const config = await readFromFolder<PreprocessorConfig>(file, "preprocessor_config.json");
  if (!config?.image_mean || !config.image_std) return undefined;
  const { image_mean, image_std, do_normalize = true, do_rescale = true, rescale_factor = 1 / 255 } = config;
  // Transformers scales images by byte * rescale_factor, and this project by byte / 255.
  const unit = do_rescale ? 255 * rescale_factor : 255;
  const edge = (value: number | EdgeLengths | undefined) =>
    typeof value === "object" ? (value.height ?? value.shortest_edge) : value;
  const size = (config.do_center_crop ? edge(config.crop_size) : undefined) ?? edge(config.size);
  return {
    mean: image_mean.map((value) => (do_normalize ? value : 0) / unit),
    std: image_std.map((value) => (do_normalize ? value : 1) / unit),
    ...(size && { size }),
  };
}

async function fromTimm(file: string): Promise<BackboneNormalization | undefined> {
  const config = (await readFromFolder<TimmConfig>(file, "config.json"))?.pretrained_cfg;
  if (!config?.mean || !config.std) return undefined;
  const size = config.input_size?.[1];
  return { mean: config.mean, std: config.std, ...(size && { size }) };
}

/** Reads a file in the backbone's folder, or in the folder above if the backbone is in a repository's `onnx/`. */
async function readFromFolder<T>(file: string, name: string): Promise<T | undefined> {
  const folder = dirname(file);
  const folders = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  const path = folders.map((place) => join(place, name)).find((place) => existsSync(place));
  return path === undefined ? undefined : readJson<T>(path);
}
