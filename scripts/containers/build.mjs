// Builds the project's images from its Dockerfiles, on stand-ins for their base images.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../setup/paths.mjs";
import { SetupError } from "../setup/shell.mjs";
import { buildImage, cache, engine, trustInstructions } from "./engine.mjs";
import { standIn, standInFor } from "./stand-ins.mjs";

const IMAGES = {
  server: { dockerfile: "serve/ec2/Dockerfile", target: "server", context: "." },
  tools: { dockerfile: "serve/ec2/Dockerfile", target: "tools", context: "." },
  lambda: { dockerfile: "serve/lambda/Dockerfile", target: "function", context: ".", needsModel: true },
  mlflow: { dockerfile: "mlruns-config/Dockerfile", target: "server", context: "mlruns-config" },
};

/** The name of an image that was built without another one. */
export const imageOf = (image) => `localhost/histo/${image}:local`;

/** @returns {Promise<string>} the image's name */
export async function build(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tag: { type: "string" }, model: { type: "string" }, context: { type: "string" } },
  });
  const image = IMAGES[positionals[0]];
  if (!image || positionals.length > 1) {
    throw new SetupError(`Unknown image ${positionals.join(" ")}.`, `Give one of ${Object.keys(IMAGES).join(", ")}.`);
  }
  const { dockerfile, target, context, needsModel } = image;
  if (needsModel && !values.model) throw new SetupError("--model DIR is missing: the image holds a model.");
  await engine();
  const name = values.tag ?? imageOf(positionals[0]);
  await buildImage({
    name,
    dockerfile: await onStandIns(dockerfile, target),
    context: values.context ?? context,
    target,
    ignore: context === "." ? `${dockerfile}.dockerignore` : undefined,
    contexts: values.model ? { model: resolve(values.model) } : {},
  });
  return name;
}

/** Copies a Dockerfile up to the target stage and replaces its base images by stand-ins. @returns {Promise<string>} path */
async function onStandIns(dockerfile, target) {
  if (process.env.HISTO_CONTAINER_BASES === "registry") return dockerfile;
  const lines = [];
  const stages = readFileSync(join(root, dockerfile), "utf8").split(/^(?=FROM )/m);
  for (const stage of stages) {
    const [, reference, name] = /^FROM (?:--platform=\S+ )?(\S+) AS (\S+)/.exec(stage) ?? [];
    const base = reference && standInFor(reference);
    if (reference && !base && reference !== "scratch") {
      throw new SetupError(`${dockerfile}: there is no stand-in for ${reference}.`);
    }
    lines.push(
      base ? stage.replace(/^FROM .*\n/, `FROM ${await standIn(base)} AS ${name}\n${trustInstructions}`) : stage,
    );
    if (name === target) break;
  }
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${target}-${basename(join(dockerfile, ".."))}.Dockerfile`);
  writeFileSync(path, lines.join(""));
  return path;
}
