/** @module Reads a space from a preset or from a YAML or JSON file. */
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { parse } from "yaml";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { presets } from "./presets";
import { parseSpace, type Space } from "./space";

/**
 * Reads the space of `--space`.
 * @returns the space and a short name
 * @throws {InputError} `SPACE_UNKNOWN` or `SPACE_INVALID`
 */
export async function readSpace(source: string): Promise<{ name: string; space: Space }> {
  const preset = Object.hasOwn(presets, source) ? presets[source] : undefined;
  if (preset) return { name: source, space: parseSpace(preset, `--space ${source}`) };
  const text = await readFile(source, "utf8").catch((error: unknown) => {
    const known = Object.keys(presets).join(", ");
    const why = hasErrorCode(error, "ENOENT")
      ? "is neither a file nor a preset"
      : `cannot be read (${messageOf(error)})`;
    throw new InputError("SPACE_UNKNOWN", `--space ${source} ${why}; presets: ${known}.`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new InputError("SPACE_INVALID", `${source} is not YAML: ${messageOf(error)}`);
  }
  return { name: basename(source, extname(source)), space: parseSpace(value, source) };
}
