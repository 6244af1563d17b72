/** @module A training run from a data set directory to a run directory: plan, train, finish. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { upperMedian } from "../collections/index";
import type { Reading } from "../dataset/index";
import { InputError, Interrupted } from "../errors/index";
import { type BinaryMetrics, bestByMonitor, monitorOf, readHistory } from "../evaluation/index";
import { readJson, sha256, writeJson } from "../files/index";
import { parameterCount } from "../models/index";
import { definedOnly, type GivenTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import type { RunConfig, RunDirectory } from "../runs/index";
import { runtime, type StepWay, setPrecision, useStepWay } from "../tensorflow/index";
import { ownSize } from "./backbone/backbone-task";
import { BestWeights } from "./callbacks/best-weights";
import type { Callback } from "./callbacks/callback";
import { Checkpoints } from "./callbacks/checkpoints";
import { Forecast } from "./callbacks/forecast";
import { EarlyStopping, ReduceOnPlateau, StopWhenLossRises } from "./callbacks/patience";
import { HistoryFile, ProgressBar } from "./callbacks/reports";
import { CheckpointStore } from "./checkpoint";
import { withTask } from "./create-task";
import { type ChosenWay, createTrainer, stepWayOf } from "./create-trainer";
import { byPartition, type TrainingData } from "./data";
import { evaluateRun } from "./evaluate-run";
import { checkMemory, planTraining, type TrainingPlan } from "./plan";
import type { UserMetric } from "./trainer";
import type { TrainingTask } from "./training-task";

/** What a comparison, a cross-validation or a search decides for its trainings. */
export interface TrainingPart {
  /** How a new run reads the data set. Default: as today. */
  readonly reading?: Reading;
  /** Number of trainings from which validation chose the options of this one. */
  readonly bestOf?: number | undefined;
}

export interface RunTrainingOptions extends TrainingPart {
  /** Run directory; a new one under `runs/` by default. */
  readonly run: string;
  /** Continues an interrupted run. */
  readonly resume?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Callbacks in addition to those of the options. */
  readonly callbacks?: readonly RunCallback[];
  readonly metrics?: Readonly<Record<string, UserMetric>>;
  /** Batches between two checkpoints. Default: as often as time allows. */
  readonly checkpointEvery?: number;
  /** Folder for bases and coordinates. A run that is resumed on another machine needs the same content there. */
  readonly subspaceDirectory?: string;
}

/**
 * A callback that also gets the run, before the first batch, and its result, after the last. Of a run that is resumed although it
 * is finished, it gets only these.
 */
export interface RunCallback extends Callback {
  onRun?(run: RunDirectory, config: RunConfig): void | Promise<void>;
  onResult?(result: TrainingResult): void | Promise<void>;
}

/** The output of `histo train --json`. */
export interface TrainingResult {
  /** Run directory, absolute. */
  readonly run: string;
  readonly epochs: number;
  /** Counted from 1. */
  readonly bestEpoch: number;
  readonly seconds: number;
  /** Median over the epochs. */
  readonly secondsPerEpoch: number;
  readonly peakMemoryBytes: number;
  readonly validation: BinaryMetrics;
  readonly test: BinaryMetrics;
}

/**
 * Trains a model. The run directory has everything that export, evaluation and a resumed run need.
 * @throws {InputError} before anything is written @throws {Interrupted} when `signal` is aborted; the run can be resumed
 */
export async function runTraining(given: GivenTrainingOptions, own: RunTrainingOptions): Promise<TrainingResult> {
  const started = performance.now();
  const { resume = false, progress = silentProgress, signal, subspaceDirectory } = own;
  const { run: path, reading } = own;
  const plan = await planTraining(given, { run: path, resume, reading, metrics: Object.keys(own.metrics ?? {}) });
  const { run, options } = plan;
  const finished = resume ? await finishedRun(run) : undefined;
  if (finished && plan.begun) {
    refuseOtherOptions(given, plan);
    progress.say(`${run.path} is finished already.`);
    // What comes after the training, such as its log, may have been stopped.
    for (const callback of own.callbacks ?? []) {
      await callback.onRun?.(run, plan.begun);
      await callback.onResult?.(finished);
    }
    return finished;
  }
  const context = {
    progress,
    ...(signal && { signal }),
    ...(subspaceDirectory && { subspaceDirectory }),
    reading: plan.reading,
  };
  if (given.size === undefined && !plan.begun) options.size = await ownSize(options, context);
  checkMemory(plan);
  return withTask(options, context, (data, task) => train(plan, data, task, own, started));
}

/** @throws {InputError} `RUN_FINISHED` if a finished run has other options than those given, which it could no longer follow */
function refuseOtherOptions({ data: _, ...given }: GivenTrainingOptions, plan: TrainingPlan): void {
  const now = JSON.parse(JSON.stringify({ ...plan.options, lr: plan.learningRate.highest }));
  const before: Record<string, unknown> = { ...plan.begun };
  const names = Object.keys(definedOnly(given));
  const changed = names.filter((name) => name in before && !isDeepStrictEqual(now[name], before[name]));
  if (changed.length === 0) return;
  const message = `--resume: ${plan.run.path} is finished, with other options (${changed.join(", ")}); choose another --run to train with these.`;
  throw new InputError("RUN_FINISHED", message);
}

async function train(
  plan: TrainingPlan,
  data: TrainingData,
  task: TrainingTask,
  { resume, progress = silentProgress, signal, callbacks = [], metrics, checkpointEvery, bestOf }: RunTrainingOptions,
  started: number,
): Promise<TrainingResult> {
  const { run, options } = plan;
  if (runtime.kind !== "native") {
    progress.say("Warning: no native TensorFlow; plain JavaScript trains 10 to 100 times slower (see histo doctor).");
  }
  const parameters = parameterCount(task.model);
  const { way, stepSeconds } = await wayOf(plan, parameters);
  useStepWay(way);
  const config: RunConfig = { ...(await configOf(plan, data, task, way)), ...(bestOf && { bestOf }) };
  const store = new CheckpointStore(run.checkpoints, fingerprint(plan, config, data, task.stemFingerprint));
  const best = new BestWeights(run.bestSoFar, plan.monitor, options.keepBest);
  const trainer = createTrainer(task.isSolved ? onlyMeasured(plan) : plan, data, task, {
    callbacks: [
      ...reactions(plan),
      best,
      new HistoryFile(run),
      new ProgressBar(progress),
      new Forecast(progress, { ...options, parameters, expectedSeconds: stepSeconds }),
      ...callbacks,
      new Checkpoints(store, progress, checkpointEvery),
    ],
    ...(metrics && { metrics }),
  });
  try {
    if (resume) {
      const restored = await store.restore(trainer);
      progress.say(restored ?? "There is no checkpoint to resume from; starting from the beginning.");
    }
    // Written now: a resumed run that is refused stays as it was, and others can read the configuration while this one runs.
    await writeJson(run.config, config);
    for (const callback of callbacks) await callback.onRun?.(run, config);
    if (!(await trainer.fit(signal))) throw new Interrupted(`Stopped; continue with --run ${run.path} --resume.`);
    setPrecision("fp32");
    const evaluation = await evaluateRun(plan, config, task, data, progress);
    await store.clear();
    const result = {
      run: run.path,
      epochs: trainer.epoch,
      bestEpoch: best.epoch ?? trainer.epoch,
      secondsPerEpoch: upperMedian(trainer.history.map(({ seconds }) => seconds)),
      seconds: (performance.now() - started) / 1000,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      ...evaluation,
    };
    for (const callback of callbacks) await callback.onResult?.(result);
    return result;
  } finally {
    trainer.dispose();
  }
}

/** The plan for weights that are solved already: one epoch with a learning rate of 0, only to measure them. */
function onlyMeasured(plan: TrainingPlan): TrainingPlan {
  const { options, learningRate } = plan;
  return { ...plan, options: { ...options, epochs: 1 }, learningRate: { ...learningRate, over: () => () => 0 } };
}

/** The callbacks that react to the course of the training. */
function reactions({ options, monitor, learningRate: { plateau } }: TrainingPlan): Callback[] {
  return [
    ...(plateau ? [new ReduceOnPlateau(monitor, plateau.factor, plateau.patience)] : []),
    ...(options.patience > 0 ? [new EarlyStopping(monitor, options.patience, options.minDelta)] : []),
    ...(options.stopWhenLossRises > 0 ? [new StopWhenLossRises(options.stopWhenLossRises)] : []),
  ];
}

/** A resumed run keeps its way of computing steps, even on another machine, unless the options set another precision. */
async function wayOf({ options, begun }: TrainingPlan, parameters: number): Promise<ChosenWay> {
  const { precision } = options;
  const before = begun?.stepWay;
  if (before && (precision === "auto" || precision === before.precision)) return { way: before };
  return stepWayOf(options, parameters);
}

/** The content of `config.json` before the training. */
async function configOf(plan: TrainingPlan, data: TrainingData, task: TrainingTask, way: StepWay): Promise<RunConfig> {
  const { run, options, learningRate } = plan;
  const { labels } = data;
  const count = (wanted: number) =>
    byPartition((partition) => labels[partition].filter((one) => one === wanted).length);
  return {
    ...options,
    lr: learningRate.highest,
    name: basename(run.path),
    classes: data.dataset.classes,
    ...(data.dataset.together && { together: data.dataset.together }),
    preprocessing: data.preprocessing,
    architecture: task.architecture,
    parameters: parameterCount(task.model) + task.stemParameters,
    tiles: byPartition((partition) => labels[partition].length),
    tilesByClass: Object.fromEntries(data.dataset.classes.map((name, label) => [name, count(label)])),
    ...(data.acrossPartitions && { acrossPartitions: data.acrossPartitions }),
    ...(data.dataset.drawn && { drawn: true }),
    ...(data.dataset.mpp !== undefined && { mpp: data.dataset.mpp }),
    contentHash: data.store.contentHash,
    reading: plan.reading,
    ...(plan.begun?.bestOf && { bestOf: plan.begun.bestOf }),
    stepWay: way,
    ...(task.pretrained && { pretrained: task.pretrained }),
    ...(data.dataset.notes?.length && { notes: data.dataset.notes }),
    ...(existsSync(run.config) && { mlflowRunId: (await readJson<RunConfig>(run.config)).mlflowRunId }),
  } as RunConfig;
}

/** Identifies everything that a resumed run must not change: all options except those that decide when to stop. */
function fingerprint(
  { options }: TrainingPlan,
  config: RunConfig,
  { dataset }: TrainingData,
  stem: string | undefined,
): string {
  const { patience, minDelta, stopWhenLossRises, thresholdRule, data, precision, ...fixed } = options;
  const { lr, contentHash: pixels } = config;
  const tiles = dataset.tiles.map(({ name, label, partition }) => [name, label, partition]);
  return sha256(JSON.stringify({ ...fixed, lr, precision: config.stepWay?.precision, pixels, tiles, stem }));
}

/** The result of `runTraining`, as far as it is in the files; undefined if the run is not finished. */
async function finishedRun(run: RunDirectory): Promise<TrainingResult | undefined> {
  if (!existsSync(run.metrics) || !existsSync(run.bestWeights)) return undefined;
  const config = await readJson<RunConfig>(run.config);
  if (config.threshold === undefined) return undefined;
  const metrics = await readJson<{ validation: BinaryMetrics; test: BinaryMetrics }>(run.metrics);
  const epochs = await readHistory(run.history);
  const best = bestByMonitor(epochs, monitorOf(config.monitor, config.monitorMode));
  const seconds = epochs.map((epoch) => epoch.seconds ?? 0);
  return {
    run: run.path,
    epochs: epochs.length,
    bestEpoch: best?.epoch ?? epochs.length,
    seconds: seconds.reduce((a, b) => a + b, 0),
    secondsPerEpoch: upperMedian(seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...metrics,
  };
}
