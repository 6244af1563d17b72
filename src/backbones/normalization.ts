/** @module How a backbone wants its images normalized: what the user says, what lies beside the file, or ImageNet's way. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";

/** `(byte / 255 - mean) / std` by channel, and the edge length of the images where it is known. */
export interface BackboneNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly size?: number;
}

/** Mean and deviation that ImageNet's models expect. */
const IMAGENET: BackboneNormalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The parts of transformers' `preprocessor_config.json` that matter here. */
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

/** The part of timm's `config.json`. */
interface TimmConfig {
  readonly pretrained_cfg?: { readonly mean?: number[]; readonly std?: number[]; readonly input_size?: number[] };
}

/** Names of the files that are looked for beside the backbone. */
export const PREPROCESSING_FILES = ["preprocessor_config.json", "config.json"] as const;

/**
 * The normalization of a backbone.
 * @param said by the user; empty lists where nothing was said
 * @param known of this backbone, where nothing lies beside the file
 * @throws {InputError} `OPTION_RANGE` where it is not three numbers, deviations above 0
 */
export async function normalizationOf(
  file: string,
  said: { readonly mean: readonly number[]; readonly std: readonly number[] },
  known: BackboneNormalization = IMAGENET,
): Promise<BackboneNormalization> {
  const found = (await fromTransformers(file)) ?? (await fromTimm(file)) ?? plain(known);
  const result = {
    ...found,
    mean: said.mean.length > 0 ? said.mean : found.mean,
    std: said.std.length > 0 ? said.std : found.std,
  };
  if (result.mean.length !== 3 || result.std.length !== 3 || !result.std.every((value) => value > 0)) {
    throw new InputError(
      "OPTION_RANGE",
      "--backbone-mean and --backbone-std must be three numbers each, such as 0.5,0.5,0.5, deviations above 0.",
    );
  }
  return result;
}

/** Without what a table has besides. */
function plain({ mean, std, size }: BackboneNormalization): BackboneNormalization {
  return { mean, std, ...(size && { size }) };
}

async function fromTransformers(file: string): Promise<BackboneNormalization | undefined> {
  const config = await besides<PreprocessorConfig>(file, "preprocessor_config.json");
  if (!config?.image_mean || !config.image_std) return undefined;
  const { image_mean, image_std, do_normalize = true, do_rescale = true, rescale_factor = 1 / 255 } = config;
  // Their images are byte * rescale_factor; ours are byte / 255.
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
  const config = (await besides<TimmConfig>(file, "config.json"))?.pretrained_cfg;
  if (!config?.mean || !config.std) return undefined;
  const size = config.input_size?.[1];
  return { mean: config.mean, std: config.std, ...(size && { size }) };
}

/** A file of the backbone's folder, or of the one above where that is a repository's `onnx/`. */
async function besides<T>(file: string, name: string): Promise<T | undefined> {
  const folder = dirname(file);
  const folders = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  const path = folders.map((place) => join(place, name)).find((place) => existsSync(place));
  return path === undefined ? undefined : readJson<T>(path);
}
