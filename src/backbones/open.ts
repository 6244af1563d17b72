/** @module Opens a backbone by its name: its file, inputs, outputs and source, and a packaged one's weights for fine-tuning. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../errors/index";
import { SafetensorsFile, sha256File } from "../files/index";
import { type BackboneDescription, readBackbone } from "../onnx/index";
import type { PretrainedPart } from "../runs/index";
import { type FetchContext, fetchFromHub, HUB_PREFIX, hubModel, repositoryOf, type TokenPooling } from "./hub";
import { type BackboneNormalization, normalizationOf } from "./normalization";
import {
  type FetchedBackbone,
  fetchedBackbone,
  PACKAGED,
  type PackagedBackbone,
  packagedFolder,
  packagedNamed,
  WEIGHTS_FILE,
} from "./packages";

/** The user's options for a backbone whose file does not describe itself. */
export interface BackboneOptions {
  /** Output to use. Empty: the first suitable one. */
  readonly backboneOutput: string;
  /** Pooling of tokens. `auto`: the known one of the model, or the first token, or the mean if all tokens are patches. */
  readonly backbonePool: "auto" | TokenPooling;
  /** Empty if not given. */
  readonly backboneMean: readonly number[];
  readonly backboneStd: readonly number[];
}

/** A backbone by the name that the user gave; its terms of use and its origin are not always known. */
export interface Backbone extends Omit<PretrainedPart, "sha256"> {
  readonly file: string;
  readonly description: BackboneDescription;
  readonly normalization: BackboneNormalization;
  readonly pool: "auto" | TokenPooling;
}

/** Finds a packaged backbone, one on the hub, or a file. @throws {InputError} `BACKBONE_...`, `OPTION_RANGE` @throws {HistoError} */
export async function openBackbone(name: string, options: BackboneOptions, context: FetchContext): Promise<Backbone> {
  const packaged = packagedNamed(name);
  const repository = repositoryOf(name);
  const known = repository === undefined ? undefined : hubModel(repository);
  const file = await fileOf(name, context);
  const { backboneOutput, backbonePool, backboneMean: mean, backboneStd: std } = options;
  const description = await readBackbone(file, backboneOutput);
  const { licence, source, pretraining } = packaged ? await checked(name, file, description) : fromHub(repository);
  return {
    name,
    file,
    description,
    normalization: await normalizationOf(file, { mean, std }, packaged ?? known),
    pool: backbonePool === "auto" ? (known?.pool ?? "auto") : backbonePool,
    ...(licence && { licence }),
    ...(source && { source }),
    ...(pretraining && { pretraining }),
  };
}

async function fileOf(name: string, context: FetchContext): Promise<string> {
  if (name.startsWith(HUB_PREFIX)) return fetchFromHub(name, context);
  if (!packagedNamed(name)) return localFile(name);
  const file = join(packagedFolder(name), "model.onnx");
  if (existsSync(file)) return file;
  throw new InputError("BACKBONE_NOT_FETCHED", `${name} has not been fetched yet: ${remedyFor(name)}`);
}

const remedyFor = (name: string) => `run histo backbone fetch ${name}`;

const changed = (name: string, file: string) =>
  new InputError("BACKBONE_DAMAGED", `${file} has changed since it was fetched; ${remedyFor(name)}.`);

/** @throws {InputError} `BACKBONE_UNKNOWN` for a word that is neither a file nor a network's name */
function localFile(name: string): string {
  const file = resolve(name);
  if (existsSync(file) || /[/\\]|\.onnx$/.test(name)) return file;
  const known = PACKAGED.map((one) => one.name).join(", ");
  const message = `--model backbone:${name}: there is neither a file ${file} nor a packaged network of this name; these are ${known} (histo backbone list).`;
  throw new InputError("BACKBONE_UNKNOWN", message);
}

/** The description of a fetched network. @throws {InputError} `BACKBONE_DAMAGED` if its file has changed */
async function checked(name: string, file: string, { sha256 }: BackboneDescription): Promise<FetchedBackbone> {
  const fetched = await fetchedBackbone(packagedFolder(name));
  if (fetched.sha256 === sha256) return fetched as FetchedBackbone;
  throw changed(name, file);
}

function fromHub(repository: string | undefined): Omit<PretrainedPart, "name" | "sha256"> {
  if (repository === undefined) return {};
  const { licence, pretraining } = hubModel(repository) ?? {};
  const source = `https://huggingface.co/${repository}`;
  return { source, ...(licence && { licence }), ...(pretraining && { pretraining }) };
}

/** Opens the weights of a fetched network, with PyTorch's names. @throws {InputError} `BACKBONE_NOT_FETCHED`, `BACKBONE_DAMAGED` */
export async function openPackagedWeights({ name }: PackagedBackbone): Promise<SafetensorsFile> {
  const folder = packagedFolder(name);
  const path = join(folder, WEIGHTS_FILE);
  if (!existsSync(path)) {
    const message = `The weights of ${name} have not been fetched yet: ${remedyFor(name)}`;
    throw new InputError("BACKBONE_NOT_FETCHED", message);
  }
  const { weightsSha256 } = await fetchedBackbone(folder);
  if (weightsSha256 !== (await sha256File(path))) throw changed(name, path);
  return SafetensorsFile.open(path);
}
