/** @module The weights of a packaged network, for fine-tuning. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index";
import { readJson, SafetensorsFile, sha256File } from "../files/index";
import type { FetchedBackbone } from "./fetch";
import { type PackagedBackbone, packagedFolder, WEIGHTS_FILE } from "./packages";

/**
 * Opens the weights of a fetched network, with PyTorch's names.
 * @throws {InputError} `BACKBONE_NOT_FETCHED`, `BACKBONE_DAMAGED`
 */
export async function openPackagedWeights({ name }: PackagedBackbone): Promise<SafetensorsFile> {
  const folder = packagedFolder(name);
  const path = join(folder, WEIGHTS_FILE);
  if (!existsSync(path)) {
    const message = `The weights of ${name} have not been fetched yet: run histo backbone fetch ${name}`;
    throw new InputError("BACKBONE_NOT_FETCHED", message);
  }
  const { weightsSha256 } = await readJson<FetchedBackbone>(join(folder, "backbone.json"));
  if (weightsSha256 !== (await sha256File(path))) {
    const remedy = `delete ${folder} and run histo backbone fetch ${name}`;
    throw new InputError("BACKBONE_DAMAGED", `${path} has changed since it was fetched; ${remedy}.`);
  }
  return SafetensorsFile.open(path);
}
