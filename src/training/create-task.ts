/** @module The network of a run and its examples: pixels, or coordinates in a subspace. */
import { packagedNamed } from "../backbones/index";
import { InputError } from "../errors/index";
import { augmentationNamed, createAugmentation } from "../image/index";
import { architectureOf, describeModel, saveModel } from "../models/index";
import { modelNamed } from "../models/registry/index";
import { BACKBONE_PREFIX, leastBatch, type TrainingOptions } from "../options/index";
import { setPrecision } from "../tensorflow/index";
import { backboneTask } from "./backbone/backbone-task";
import { largestBatch, pixelExamples } from "./batches";
import { colourTask } from "./colour-measures";
import { byPartition, openTrainingData, type TrainingData } from "./data";
import { fineTuned } from "./fine-tuning";
import { Prefetcher } from "./prefetch";
import { subspaceTask } from "./subspace/subspace-task";
import type { TaskContext, TrainingTask } from "./training-task";

/** Builds the network of the options. @throws {InputError} `STEM_MODEL`, `MODEL_UNKNOWN` or `AUGMENTATION_UNKNOWN` */
export async function createTask(
  options: TrainingOptions,
  data: TrainingData,
  context: TaskContext,
): Promise<TrainingTask> {
  checkStem(options);
  if (options.stem === "subspace") {
    if (options.augment !== "none" && options.augment !== "dihedral") {
      const message = `--augment ${options.augment}: --stem subspace can only do none or dihedral; train on pixels for the others.`;
      throw new InputError("AUGMENTATION_UNKNOWN", message);
    }
    return subspaceTask(options, data, context);
  }
  if (options.model.startsWith(BACKBONE_PREFIX)) return backboneTask(options, data, context);
  if (options.model === "colour") return colourTask(options, data, context);
  const prefetcher = startPrefetcher(options, data);
  const examples = pixelPartitions(options, data, prefetcher);
  const packaged = packagedNamed(options.model);
  const making: ReturnType<typeof fineTuned> = packaged
    ? fineTuned(packaged, options, examples, context, data.groups)
    : built(options);
  const network = await making.catch(async (error: unknown) => {
    await prefetcher?.close();
    throw error;
  });
  const { model } = network;
  return {
    ...network,
    examples,
    architecture:
      options.model === "mlp" ? architectureOf(options.size ** 2 * 3, options.hidden) : describeModel(model),
    stemParameters: 0,
    save: (run) => saveModel(model, run),
    close: async () => prefetcher?.close(),
  };
}

/** Opens the data of the options, builds their network, and closes both after `work`: tensors and threads are not garbage-collected. */
export async function withTask<T>(
  options: TrainingOptions,
  context: TaskContext,
  work: (data: TrainingData, task: TrainingTask) => Promise<T>,
): Promise<T> {
  const data = await openTrainingData(options, context);
  try {
    setPrecision("fp32");
    const task = await createTask(options, data, context);
    try {
      return await work(data, task);
    } finally {
      task.model.dispose();
      await task.close?.();
    }
  } finally {
    data.close();
  }
}

async function built(options: TrainingOptions): Promise<Pick<TrainingTask, "model">> {
  const model = await modelNamed(options.model)?.build?.(options);
  if (!model) throw new InputError("MODEL_UNKNOWN", `--model ${options.model} is not a network that can be built.`);
  return { model };
}

/** Only the MLP has a subspace stem; only that and backbones have extra features. */
function checkStem({ stem, extraFeatures, model }: TrainingOptions): void {
  if (stem === "subspace" && model !== "mlp") {
    throw new InputError("STEM_MODEL", `--stem subspace goes with --model mlp, not with ${model}.`);
  }
  if (extraFeatures !== "none" && stem !== "subspace" && !model.startsWith(BACKBONE_PREFIX)) {
    const message = `--extra-features ${extraFeatures} go with coordinates or a backbone; add --stem subspace.`;
    throw new InputError("STEM_MODEL", message);
  }
}

/** Starts the thread that loads training batches; none if the store is not in a file. */
function startPrefetcher(options: TrainingOptions, data: TrainingData): Prefetcher | undefined {
  const { augment, seed, batch } = options;
  const { store, labels } = data;
  const images = largestBatch(labels.train.length, { size: batch, least: leastBatch(options) });
  const largest = images * store.bytesPerImage;
  const { path, contentHash } = store;
  return path ? Prefetcher.start({ store: path, contentHash, augment, seed }, largest) : undefined;
}

function pixelPartitions(
  options: TrainingOptions,
  data: TrainingData,
  prefetcher: Prefetcher | undefined,
): TrainingTask["examples"] {
  const { store, positions, labels, preprocessing } = data;
  const augmentation = createAugmentation(augmentationNamed(options.augment), options.seed);
  return byPartition((partition) => {
    const pixels = [store, positions[partition], labels[partition], preprocessing] as const;
    return partition === "train" ? pixelExamples(...pixels, augmentation, prefetcher) : pixelExamples(...pixels);
  });
}
