// Base images for machines without a container registry; docs/containers.md lists their differences from the pinned ones.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nodejs, packagesOf } from "../infrastructure/nodejs.mjs";
import { once } from "../infrastructure/tools.mjs";
import { locked } from "../setup/lock.mjs";
import { root } from "../setup/paths.mjs";
import { run } from "../setup/shell.mjs";
import { clearStamp } from "../setup/stamp.mjs";
import { buildImage, cache, hasImage } from "./engine.mjs";

const NODE = 22;
/** The last releases of MinIO's server and client on Go's module proxy. */
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
  ["docker:", "docker"],
];

/** @returns {string | undefined} name of the stand-in for an image reference */
export function standInFor(reference) {
  return STAND_INS.find(([prefix]) => reference.startsWith(prefix))?.[1];
}

/** Builds a stand-in if it is missing; only one at a time on this machine. @returns {Promise<string>} the image's name */
export function standIn(name) {
  return locked(() => build(name), { folder: join(cache, "stand-ins"), what: "building of a stand-in image" });
}

async function build(name) {
  const image = imageOf(name);
  await debian();
  const contexts = ["node", "lambda"].includes(name)
    ? { nodejs: await nodejs(NODE) }
    : name === "minio"
      ? await minio()
      : {};
  const stamp = `stand-in-${name}`;
  if (!(await hasImage(image))) clearStamp(stamp, cache);
  const inputs = [DOCKERFILE, join(FOLDER, "postgres.sh")];
  await once({ name: stamp, folder: cache, inputs, values: [...packagesOf(NODE), MINIO, MC, SUITE] }, () =>
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
