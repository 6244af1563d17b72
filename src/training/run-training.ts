/** @module A whole training run: from a data set directory to a run directory with the best model and its predictions. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { basename, resolve } from "node:path";
import { InputError, Interrupted } from "../errors/index";
import { type BinaryMetrics, checkMonitor, type Monitor, monitorOf } from "../evaluation/index";
import { readJson, sha256, writeJson } from "../files/index";
import { augmentationNamed } from "../image/index";
import { parameterCount } from "../models/index";
import {
  BACKBONE_PREFIX,
  definedOnly,
  type GivenTrainingOptions,
  optionsOf,
  resolveTrainingOptions,
  type TrainingOptions,
} from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { runtime, type StepWay, setPrecision, useStepWay } from "../tensorflow/index";
import { openBackbones, sizeFor } from "./backbone/names";
import { BestWeights } from "./callbacks/best-weights";
import type { Callback } from "./callbacks/callback";
import { Checkpoints } from "./callbacks/checkpoints";
import { EarlyStopping, StopWhenLossRises } from "./callbacks/early-stopping";
import { HistoryFile } from "./callbacks/history-file";
import { ProgressBar } from "./callbacks/progress-bar";
import { ReduceOnPlateau } from "./callbacks/reduce-on-plateau";
import { CheckpointStore } from "./checkpoint";
import { createTrainer } from "./create-trainer";
import { openTrainingData, type TrainingData } from "./data";
import { evaluateRun } from "./evaluate-run";
import { finishedRun } from "./finished-run";
import { createNetwork } from "./network";
import { parseSchedule } from "./schedules";
import { learningRateOf, stepWayOf } from "./setup";
import type { Network } from "./trainable";
import type { Trainer, UserMetric } from "./trainer";

export interface RunTrainingOptions {
  /** Run directory; a new one under `runs/` by default. */
  readonly run: string;
  /** Go on with an interrupted run. */
  readonly resume?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Attached beside the trainer's own callbacks. */
  readonly callbacks?: readonly RunCallback[];
  readonly metrics?: Readonly<Record<string, UserMetric>>;
  /** Save a checkpoint every so many batches instead of as often as time allows. */
  readonly checkpointEvery?: number;
  /** Where bases and coordinates are kept; a run that goes on elsewhere must find there what it began with. */
  readonly subspaceDirectory?: string;
}

/** A callback that also learns what the run is, before the first batch, and what came out, after the last. */
export interface RunCallback extends Callback {
  onRun?(run: RunDirectory, config: RunConfig): void | Promise<void>;
  onResult?(result: TrainingResult): void | Promise<void>;
}

/** What `histo train --json` prints. */
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
 * Trains a model as the options say. The run directory holds everything that export, evaluation and a resumed run need.
 * @throws {InputError} for options, data or a run directory that cannot be used; before anything is written
 * @throws {Interrupted} when `signal` is aborted; the run can be resumed
 */
export async function runTraining(
  given: GivenTrainingOptions,
  { run, resume = false, progress = silentProgress, signal, callbacks = [], ...rest }: RunTrainingOptions,
): Promise<TrainingResult> {
  const started = performance.now();
  const directory = new RunDirectory(resolve(run));
  const begun = resume && existsSync(directory.config) ? await readJson<RunConfig>(directory.config) : undefined;
  const before = begun ? optionsOf(begun) : {};
  const dataset = { ...before.dataset, ...definedOnly(given.dataset ?? {}) };
  const options = resolveTrainingOptions({ ...before, ...definedOnly(given), dataset, data: resolve(given.data) });
  const monitor = monitorOf(options.monitor, options.monitorMode);
  parseSchedule(options.schedule, { stepsPerEpoch: 1, epochs: 1 });
  augmentationNamed(options.augment);
  if (existsSync(directory.config) && !resume) {
    throw new InputError("RUN_EXISTS", `--run ${directory.path} holds a run already; add --resume or choose another.`);
  }
  checkMonitor(monitor, Object.keys(rest.metrics ?? {}));
  const finished = resume ? await finishedRun(directory) : undefined;
  if (finished) {
    progress.say(`${directory.path} is finished already.`);
    return finished;
  }
  if (given.size === undefined && !begun && options.model.startsWith(BACKBONE_PREFIX)) {
    options.size = sizeFor(await openBackbones(options, { progress, ...(signal && { signal }) }));
  }
  refuseWhatDoesNotFit(options);
  const data = await openTrainingData(options, { progress, ...(signal && { signal }) });
  if (runtime.kind !== "native") {
    progress.say("Warning: no native TensorFlow; plain JavaScript trains 10 to 100 times slower (see histo doctor).");
  }
  let network: Network | undefined;
  let trainer: Trainer | undefined;
  try {
    setPrecision("fp32");
    network = await createNetwork(options, data, {
      progress,
      ...(signal && { signal }),
      ...(rest.subspaceDirectory && { subspaceDirectory: rest.subspaceDirectory }),
    });
    const way = await wayOf(options, network, begun);
    useStepWay(way);
    const config = await configOf(directory, options, data, network, way);
    const store = new CheckpointStore(directory.checkpoints, fingerprint(options, config, network.stemFingerprint));
    const best = new BestWeights(directory.bestSoFar, monitor, options.keepBest);
    trainer = createTrainer(options, data, network, {
      callbacks: [
        ...runCallbacks(options, monitor),
        best,
        new HistoryFile(directory),
        new ProgressBar(progress),
        ...callbacks,
        new Checkpoints(store, { progress, everyBatches: rest.checkpointEvery ?? "auto" }),
      ],
      ...(rest.metrics && { metrics: rest.metrics }),
    });
    if (resume) progress.say((await store.restore(trainer)) ?? "There is no checkpoint to resume from; starting anew.");
    // Only now: a resumption that is refused leaves the run as it was. And now already: so that a run in progress can be
    // understood.
    await mkdir(directory.path, { recursive: true });
    await writeJson(directory.config, config);
    for (const callback of callbacks) await callback.onRun?.(directory, config);
    if (!(await trainer.fit(signal))) {
      throw new Interrupted(`Stopped; go on with --run ${directory.path} --resume.`);
    }
    setPrecision("fp32");
    const evaluation = await evaluateRun(directory, config, network, data, progress);
    await store.clear();
    const epochSeconds = trainer.history.map((result) => result.seconds).sort((a, b) => a - b);
    const result: TrainingResult = {
      run: directory.path,
      epochs: trainer.epoch,
      bestEpoch: best.epoch ?? trainer.epoch,
      seconds: (performance.now() - started) / 1000,
      secondsPerEpoch: epochSeconds[Math.floor(epochSeconds.length / 2)] ?? 0,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      ...evaluation,
    };
    for (const callback of callbacks) await callback.onResult?.(result);
    return result;
  } finally {
    // A process may train many networks, one after the other; tensors and threads are not collected by themselves.
    trainer?.dispose();
    await network?.close();
    data.close();
  }
}

function runCallbacks(options: TrainingOptions, monitor: Monitor): Callback[] {
  const { plateau } = parseSchedule(options.schedule, { stepsPerEpoch: 1, epochs: 1 });
  return [
    ...(plateau ? [new ReduceOnPlateau(monitor, plateau.factor, plateau.patience)] : []),
    ...(options.patience > 0 ? [new EarlyStopping(monitor, options.patience, options.minDelta)] : []),
    ...(options.stopWhenLossRises > 0 ? [new StopWhenLossRises(options.stopWhenLossRises)] : []),
  ];
}

/** A resumed run goes on in the way that it began in, wherever that was timed, unless the options ask for another precision. */
async function wayOf(options: TrainingOptions, network: Network, begun: RunConfig | undefined): Promise<StepWay> {
  const { precision } = options;
  const kept = begun?.stepWay;
  if (kept && (precision === "auto" || precision === kept.precision)) return kept;
  return stepWayOf(options, parameterCount(network.model));
}

/** The content of `config.json` before the training. */
async function configOf(
  directory: RunDirectory,
  options: TrainingOptions,
  data: TrainingData,
  network: Network,
  way: StepWay,
): Promise<RunConfig> {
  return {
    ...options,
    lr: learningRateOf(options),
    name: basename(directory.path),
    classes: data.dataset.classes,
    preprocessing: data.preprocessing,
    architecture: network.architecture,
    parameters: parameterCount(network.model) + network.stemParameters,
    tiles: {
      train: data.labels.train.length,
      validation: data.labels.validation.length,
      test: data.labels.test.length,
    },
    contentHash: data.store.contentHash,
    stepWay: way,
    ...(network.pretrained && { pretrained: network.pretrained }),
    ...(data.dataset.notes?.length && { notes: data.dataset.notes }),
    ...(existsSync(directory.config) && { mlflowRunId: (await readJson<RunConfig>(directory.config)).mlflowRunId }),
  } as RunConfig;
}

/** What must be the same when a run is resumed: all options but those that only say when to end. */
function fingerprint(options: TrainingOptions, config: RunConfig, stem: string | undefined): string {
  const { patience, minDelta, stopWhenLossRises, thresholdRule, data, precision, ...fixed } = options;
  const { lr, contentHash: pixels } = config;
  return sha256(JSON.stringify({ ...fixed, lr, precision: config.stepWay?.precision, pixels, stem }));
}

/** Weights and the optimizer's two copies have to fit in memory; said before hours are spent. */
function refuseWhatDoesNotFit(options: TrainingOptions): void {
  if (options.stem === "subspace" || options.model !== "mlp") return;
  const [first = 1] = options.hidden;
  const copies = options.optimizer === "sgd" ? 2 : 3;
  const needed = 4 * copies * options.size ** 2 * 3 * first;
  if (needed <= 0.95 * totalmem()) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new InputError(
    "SIZE_TOO_LARGE",
    `--size ${options.size} with --hidden ${options.hidden} needs ${gigabytes(needed)} of memory and this machine has ` +
      `${gigabytes(totalmem())}; choose a smaller --size, fewer units, or --stem subspace.`,
  );
}
