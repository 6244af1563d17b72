/** @module The files of a container image without a container engine: a Dockerfile's steps carried out in a folder. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";

interface ImageOptions {
  readonly dockerfile: string;
  /** The stage whose files are wanted. */
  readonly stage: string;
  /** Build contexts named on the command line, such as `model`. */
  readonly contexts?: Readonly<Record<string, string>>;
  readonly target: string;
}

/**
 * Carries out `COPY` (from the project, from named contexts and from the stage `packages`) and, for that stage, its `RUN`
 * in `target`, which stands for the stage's working directory; absolute targets go below `target` too.
 */
export function layOutImage({ dockerfile, stage, contexts = {}, target }: ImageOptions): void {
  const stages = readStages(readFileSync(join(projectRoot(), dockerfile), "utf8"));
  const packages = `${target}-packages`;
  carryOut(stages.get("packages") ?? [], packages, {});
  carryOut(stages.get(stage) ?? [], target, { ...contexts, packages });
}

/** The instructions of each named stage, continuation lines joined, comments left out. */
function readStages(dockerfile: string): Map<string, string[]> {
  const stages = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of dockerfile
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")) {
    const name = /^FROM .* AS (\w+)$/.exec(line)?.[1];
    if (name) {
      current = [];
      stages.set(name, current);
    } else if (line.trim()) current.push(line.trim());
  }
  return stages;
}

function carryOut(instructions: readonly string[], target: string, contexts: Readonly<Record<string, string>>): void {
  mkdirSync(target, { recursive: true });
  for (const instruction of instructions) {
    const [keyword, ...words] = instruction.split(/\s+/);
    if (keyword === "RUN") run(instruction.slice(4), target);
    if (keyword !== "COPY") continue;
    const from = words[0]?.startsWith("--from=") ? (words.shift() as string).slice(7) : undefined;
    const sources = words.slice(0, -1);
    const destination = words.at(-1) as string;
    for (const source of sources) {
      // In the stage `packages` the working directory is /app, here the target itself.
      const path = from ? join(contexts[from] as string, source.replace(/^\/app\//, "")) : join(projectRoot(), source);
      const inside = destination.endsWith("/") || sources.length > 1;
      const name = source.split("/").at(-1) as string;
      cpSync(path, inside ? join(target, destination, name) : join(target, destination), {
        recursive: true,
        filter: (file) => !file.endsWith(".map"),
      });
    }
  }
}

function run(command: string, cwd: string): void {
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += lstatSync(join(entry.parentPath, entry.name)).size;
  }
  return sum;
}

/** Names of the packages below `node_modules`. */
export function installedPackages(folder: string): string[] {
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .flatMap((name) => {
      if (name.startsWith(".")) return [];
      if (!name.startsWith("@")) return [name];
      return readdirSync(join(modules, name)).map((scoped) => `${name}/${scoped}`);
    })
    .filter((name) => statSync(join(modules, name)).isDirectory());
}
