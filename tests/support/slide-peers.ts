/** @module Python's readers of slides, and the small slides that OpenSlide's Python package is tested with. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";
import { pythonPath } from "./python";
import { pythonPackages } from "./python-packages";

/** Where the readers left the pixels (uint8, RGB) of a region; null where one cannot read the form. */
interface PeerReading {
  readonly name: string;
  readonly path: string;
  readonly region: readonly [x: number, y: number, width: number, height: number];
  readonly tifffile: string | null;
  readonly openslide: string | null;
}

/** Runs `slide_peers.py`; `HISTO_PEER_PYTHON` names a Python that has the packages, else they are installed once. */
export function readByPeers(task: {
  readonly folder: string;
  readonly picture: { readonly path: string; readonly width: number; readonly height: number };
  readonly slides: readonly string[];
}): PeerReading[] {
  const given = process.env.HISTO_PEER_PYTHON;
  const packages = ["numpy", "tifffile", "imagecodecs", "openslide-python", "openslide-bin"];
  const env = given ? process.env : { ...process.env, PYTHONPATH: pythonPackages("slide-peers", packages) };
  const program = join(projectRoot(), "tests", "support", "slide_peers.py");
  const input = JSON.stringify(task);
  const { status, stdout, stderr } = spawnSync(given ?? pythonPath() ?? "python3", ["-W", "ignore", program], {
    env,
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`slide_peers.py failed: ${stderr}`);
  return JSON.parse(stdout) as PeerReading[];
}

/** Fetches the test slides of openslide-python's source package into a folder; undefined without a network. */
export function fetchTestSlides(folder: string): string | undefined {
  const python = pythonPath() ?? "python3";
  const release = "openslide-python==1.4.2";
  const options = ["--no-deps", "--no-binary", "openslide-python", "--disable-pip-version-check", "--retries", "1"];
  try {
    execFileSync(python, ["-m", "pip", "download", ...options, "-d", folder, release], { stdio: "pipe" });
    const archive = readdirSync(folder).find((name) => name.endsWith(".tar.gz")) as string;
    execFileSync("tar", ["xzf", join(folder, archive), "-C", folder]);
  } catch {
    return undefined;
  }
  const fixtures = join(folder, release.replace("==", "-").replace("openslide-", "openslide_"), "tests", "fixtures");
  return existsSync(fixtures) ? fixtures : undefined;
}
