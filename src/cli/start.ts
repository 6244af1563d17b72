/** @module `histo start` (`npm start`): trains, tracks, exports and serves classifiers of given or synthetic images. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import type { Dataset, DatasetOptions } from "../dataset/index";
import { hasErrorCode, InputError, Interrupted } from "../errors/index";
import { projectRoot, readJson, sha256, writeJson } from "../files/index";
import { counted } from "../format/index";
import { datasetSchema, type GivenTrainingOptions, option, serveSchema, whole } from "../options/index";
import type { Progress } from "../progress/index";
import { type CommandContext, defineCommand } from "./command";
import { type LocalMlflow, localMlflow } from "./local-mlflow";
import { readOptions } from "./schema-options";
import { serve } from "./serve";
import type { Served } from "./start-rivals";

const startSchema = z.strictObject({
  data: option(z.string().optional(), "your images", { value: "dir", usual: "synthetic polyp tiles" }),
  ...datasetSchema.pick({ positive: true, bitDepth: true }).shape,
  ...serveSchema.pick({ port: true }).shape,
  mlflowPort: option(whole(0, 65535).default(5000), "port of the local MLflow server", { value: "n" }),
  epochs: option(whole(1).optional(), "passes over the training set", { value: "n", usual: "40" }),
  size: option(whole(8, 16384).default(224), "edge length of the model's input", { value: "px" }),
  train: option(z.boolean().default(true), "only draw the images if there are none, and pack them", {
    flag: "no-train",
  }),
});

/** The reference network on principal coordinates: an epoch takes a fraction of a second on two cores. */
const TRAINING = {
  hidden: [2352, 2352, 294],
  stem: "subspace",
  dropout: 0.5,
  augment: "dihedral",
  optimizer: "adamw",
  weightDecay: 0.05,
  lr: 1e-3,
  schedule: "cosine",
  epochs: 40,
} as const;

/** With fewer training tiles per principal coordinate, the network memorizes the tiles. */
const TILES_A_COORDINATE = 10;
const COORDINATES = { least: 16, most: 256 };

/** Options that plain JavaScript can train in a few minutes, without the native TensorFlow. */
const WITHOUT_NATIVE = { stem: "pixels", size: 48, hidden: [64, 16], lr: "auto", epochs: 10 } as const;

export const command = defineCommand({
  schema: startSchema,
  async run({ data: given, positive, bitDepth, port, mlflowPort, epochs, size, train }, context) {
    const { progress, signal } = context;
    const data = given !== undefined ? resolve(given) : await syntheticTiles(progress, signal);
    const options = {
      ...TRAINING,
      ...(epochs && { epochs }),
      data,
      size,
      dataset: { positive, bitDepth },
    };
    const key = sha256(JSON.stringify(options)).slice(0, 8);
    const run = join(projectRoot(), "runs", `start-${basename(data)}-${key}`);
    if (!train) {
      await pack(options, context);
      return { models: [], mlflow: undefined };
    }
    const kept = join(run, SERVED_FILE);
    const trained = existsSync(kept) ? await readJson<Served>(kept) : undefined;
    await mustBeFree(port);
    // Reports unusable data before MLflow is started.
    const dataset = trained
      ? undefined
      : await (await import("../dataset/index.js")).loadDataset(data, options.dataset);
    const mlflow = localMlflow({ port: mlflowPort, progress });
    try {
      const served = dataset
        ? await trainModels({ ...options, rank: coordinatesFor(dataset) }, { run, mlflow, epochs, context })
        : (trained as Served);
      if (trained) progress.say(`The models exist already (delete ${run} to train them again).`);
      if (served.says) progress.say(served.says);
      void mlflow.shown().then((address) => {
        if (address !== undefined) progress.say(`MLflow: ${address}`);
      });
      const serving = { model: served.models, images: data, runs: join(projectRoot(), "runs"), port };
      const flags = { ...serving, maxDelay: 2, logLevel: "warn" };
      await serve(readOptions(flags, serveSchema), context, performance.now());
      // The first model is the default; the MLflow server is the user's own, or that of this command.
      return { models: served.models, mlflow: await mlflow.shown() };
    } finally {
      await mlflow.stop();
    }
  },
});

function coordinatesFor({ tiles }: Dataset): number {
  const training = tiles.filter(({ partition }) => partition === "train").length;
  return Math.max(COORDINATES.least, Math.min(COORDINATES.most, Math.round(training / TILES_A_COORDINATE)));
}

/** File in the run of the reference network that names the served models. */
const SERVED_FILE = "served.json";

/** Trains, exports and logs the reference network and its rivals, or resumes. @param given.epochs the user's choice */
async function trainModels(
  options: GivenTrainingOptions & { readonly size: number },
  given: { run: string; mlflow: LocalMlflow; epochs: number | undefined; context: CommandContext },
): Promise<Served> {
  const { run, mlflow, epochs, context } = given;
  const [{ runExperiment }, { runtime }, { chooseServed, fetchAhead }] = await Promise.all([
    import("../experiments/index.js"),
    import("../tensorflow/index.js"),
    import("./start-rivals.js"),
  ]);
  const fetching = new AbortController();
  const fetched = fetchAhead({ ...context, signal: AbortSignal.any([context.signal, fetching.signal]) });
  const plain = { ...options, ...WITHOUT_NATIVE, ...(epochs && { epochs }) };
  const track = { experiment: "histology", trackingUri: await mlflow.address() };
  const { data, dataset = {}, size } = options;
  try {
    const reference = await runExperiment(runtime.kind === "native" ? options : plain, {
      ...{ run, resume: existsSync(run), variant: "auto", track },
      ...context,
    });
    const served = await chooseServed(reference, fetched, { run, data: { data, dataset, size }, track, ...context });
    await writeJson(join(run, SERVED_FILE), served);
    return served;
  } catch (error) {
    throw error instanceof Interrupted ? new Interrupted("Stopped; repeat the command to continue.") : error;
  } finally {
    fetching.abort();
  }
}

/** Checks the port before minutes of training. @throws {InputError} `PORT_UNAVAILABLE` */
async function mustBeFree(port: number): Promise<void> {
  const probe = createServer().listen(port, "127.0.0.1");
  await once(probe, "listening").catch((cause: unknown) => {
    const reason = hasErrorCode(cause, "EADDRINUSE") ? "is in use" : "cannot be opened";
    throw new InputError("PORT_UNAVAILABLE", `--port: 127.0.0.1:${port} ${reason}; choose another.`, { cause });
  });
  await once(probe.close(), "close");
}

/** Decodes the images at the size of the training, so that it can begin at once. */
async function pack(
  { data, dataset, size }: { data: string; dataset: DatasetOptions; size: number },
  { progress, signal }: CommandContext,
): Promise<void> {
  const { loadDataset, packPixels } = await import("../dataset/index.js");
  const { defaultTrainingOptions } = await import("../options/index.js");
  const { resize, skipUnreadable } = defaultTrainingOptions;
  const { store, path } = await packPixels(await loadDataset(data, dataset), {
    ...{ size, resize, skipUnreadable, progress, signal },
  });
  progress.say(`${counted(store.names.length, "image")} of ${size}x${size} pixels in ${path}`);
  store.close();
}

/** The synthetic data set; draws it if it does not exist. */
async function syntheticTiles(progress: Progress, signal: AbortSignal): Promise<string> {
  const out = join(projectRoot(), "data", "synthetic");
  if (existsSync(join(out, "annotations.csv"))) return out;
  const { writeSyntheticDataset } = await import("../dataset/synthetic/index.js");
  await writeSyntheticDataset({ out, progress, signal });
  return out;
}
