/** @module A backbone by its name: the file, what it takes and gives, and where it comes from. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";
import { type BackboneDescription, readBackbone } from "../onnx/index";
import type { FetchedBackbone } from "./fetch";
import { type FetchContext, fetchFromHub, HUB_PREFIX, repositoryOf } from "./hub";
import { hubModel, type TokenPooling } from "./hub-models";
import { type BackboneNormalization, normalizationOf } from "./normalization";
import { packagedFolder, packagedNamed } from "./packages";

/** What the user says about a backbone, where it does not say it itself. */
export interface BackboneOptions {
  /** Output of a backbone with several; empty for the first that fits. */
  readonly backboneOutput: string;
  /** Of token sequences; `auto`: as is known of it, else the first token, or the mean where all tokens are patches. */
  readonly backbonePool: "auto" | TokenPooling;
  /** Empty where nothing is said. */
  readonly backboneMean: readonly number[];
  readonly backboneStd: readonly number[];
}

/** What makes a file a backbone for a run. */
export interface Backbone {
  /** As the user named it. */
  readonly name: string;
  readonly file: string;
  readonly description: BackboneDescription;
  readonly normalization: BackboneNormalization;
  readonly pool: "auto" | TokenPooling;
  /** Where it comes from and on what terms, as far as is known. */
  readonly licence?: string;
  readonly source?: string;
  readonly pretraining?: string;
}

/**
 * Finds a backbone: a packaged one that was fetched, a name on the hub, or an ONNX file.
 * @throws {InputError} `BACKBONE_...`, `OPTION_RANGE`; {@link HistoError} `BACKBONE_UNREACHABLE`
 */
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
  if (!packagedNamed(name)) return resolve(name);
  const file = join(packagedFolder(name), "model.onnx");
  if (existsSync(file)) return file;
  throw new InputError("BACKBONE_NOT_FETCHED", `${name} is not here yet: histo backbone fetch ${name}`);
}

/** What is noted beside a fetched network. @throws {InputError} `BACKBONE_DAMAGED` where its file is not the noted one */
async function checked(name: string, file: string, { sha256 }: BackboneDescription): Promise<FetchedBackbone> {
  const noted = await readJson<FetchedBackbone>(join(packagedFolder(name), "backbone.json"));
  if (noted.sha256 === sha256) return noted;
  throw new InputError(
    "BACKBONE_DAMAGED",
    `${file} is not what was fetched; delete ${packagedFolder(name)} and run histo backbone fetch ${name}.`,
  );
}

function fromHub(repository: string | undefined): { licence?: string; source?: string; pretraining?: string } {
  if (repository === undefined) return {};
  const { licence, pretraining } = hubModel(repository) ?? {};
  return {
    source: `https://huggingface.co/${repository}`,
    ...(licence && { licence }),
    ...(pretraining && { pretraining }),
  };
}
