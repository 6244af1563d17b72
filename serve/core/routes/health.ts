/** @module Liveness, readiness and `GET /info`. */
import { HEAT_MAP_COLOURS } from "../../../src/explanation/index";
import { PREDICTION_WARNING_TEXTS } from "../../../src/inference/index";
import { json, Problem } from "../http/index";
import type { GoldenResult } from "../models/index";
import { TtlCache } from "../ttl-cache";
import type { Handler, ServiceContext } from "./context";

/** The process is running; independent of models. */
export const livezRoute: Handler = () => json({ status: "alive" });

/** How long the result of a golden inference is cached. */
const READY_SECONDS = 1;

const outcomes = new WeakMap<ServiceContext, TtlCache<ReadyModel[]>>();

interface ReadyModel {
  readonly name: string;
  readonly sha256: string;
  readonly threshold: number;
  readonly golden: GoldenResult;
}

/** Every model has just reproduced the stored logit of its golden example. */
export const readyzRoute: Handler = async (context) => {
  const models = await readyModels(context);
  return json({ status: "ready", ready: true, models });
};

/** @throws {Problem} `SHUTTING_DOWN`, `MODEL_UNAVAILABLE` */
async function readyModels(context: ServiceContext): Promise<ReadyModel[]> {
  if (context.phase === "stopping") throw new Problem("SHUTTING_DOWN");
  if (context.phase === "starting") throw new Problem("MODEL_UNAVAILABLE", "The models are still loading.");
  let outcome = outcomes.get(context);
  if (!outcome) {
    outcome = new TtlCache(READY_SECONDS, () => verify(context));
    outcomes.set(context, outcome);
  }
  const models = await outcome.get();
  // Without models the service is not ready.
  if (models.length === 0) throw new Problem("MODEL_UNAVAILABLE", "No model is loaded.");
  const wrong = models.find(({ golden }) => golden.status === "failed");
  if (wrong) throw new Problem("MODEL_UNAVAILABLE", `The model ${wrong.name} did not reproduce its golden answer.`);
  return models;
}

function verify(context: ServiceContext): Promise<ReadyModel[]> {
  return Promise.all(
    context.models.all().map(async (model) => {
      const failed: GoldenResult = { status: "failed", logit: Number.NaN, expected: null };
      const { name, sha256, card } = model;
      return { name, sha256, threshold: card.threshold, golden: await model.verifyGolden().catch(() => failed) };
    }),
  );
}

/** The loaded models with classes, threshold, input and metrics; meanings of warnings; image source; limits; version. */
export const infoRoute: Handler = ({ models, images, limits, version, endpoint, feedback, pages }) => {
  return json({
    version,
    default_model: models.names()[0] ?? null,
    models: models.all().map(({ name, card, sha256, loadSeconds, batching }) => ({
      name,
      sha256,
      version: card.version ?? null,
      variant: card.variant ?? null,
      classes: card.classes,
      threshold: card.threshold,
      input: { ...card.input, size: card.preprocessing.size, resize: card.preprocessing.resize },
      output: card.output,
      batching,
      preprocessing: card.preprocessing,
      architecture: card.architecture ?? null,
      parameters: card.parameters ?? null,
      metrics: card.metrics ?? null,
      trained_on: card.trainedOn ?? null,
      golden: card.golden ? { logit: card.golden.logit, tolerance: card.golden.tolerance } : null,
      load_time: loadSeconds,
    })),
    warnings: PREDICTION_WARNING_TEXTS,
    heat_map_colours: HEAT_MAP_COLOURS,
    images: images ? { kind: images.kind, label: images.label } : null,
    limits: {
      body_bytes: limits.bodyBytes,
      batch_bytes: limits.batchBytes,
      batch_items: limits.batchItems,
      deadline_seconds: limits.deadlineMs / 1000,
    },
    endpoint: endpoint ?? null,
    feedback: feedback !== undefined,
    pages,
  });
};
