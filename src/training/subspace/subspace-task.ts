/** @module The MLP on subspace coordinates, and the model on pixels that it becomes. */
import type { Partition } from "../../dataset/index";
import { HistoError } from "../../errors/index";
import {
  architectureOf,
  copyWeights,
  mlpBehindProjection,
  mlpOnFeatures,
  saveTopology,
  saveWeights,
} from "../../models/index";
import type { TrainingOptions } from "../../options/index";
import { runtime, setPrecision } from "../../tensorflow/index";
import { withColumns } from "../batches";
import { measureColour } from "../colour-measures";
import type { TrainingData } from "../data";
import type { TaskContext, TrainingTask } from "../training-task";
import { cachedBasis, fingerprintOf } from "./basis-cache";
import { cachedCoordinates } from "./coordinate-cache";
import { coordinateExamples, whitenedProjection } from "./coordinates";

/**
 * Projects all tiles, once for all runs with the same basis; the network then sees `rank` numbers an image, and its colour
 * features where they are wanted.
 */
export async function subspaceTask(
  options: TrainingOptions,
  data: TrainingData,
  context: TaskContext,
): Promise<TrainingTask> {
  if (runtime.kind !== "native") {
    throw new HistoError("NATIVE_NEEDED", "--stem subspace needs the native TensorFlow (see histo doctor).");
  }
  setPrecision("fp32");
  const basis = await cachedBasis(data, options, context);
  const projection = whitenedProjection(basis, options.whitening);
  const kept = await cachedCoordinates(data, basis, { projection, whitening: options.whitening }, context);
  const of = (partition: Partition) =>
    coordinateExamples(kept[partition], basis.classes, data.labels[partition], options.seed);
  const coordinates = { train: of("train"), validation: of("validation"), test: of("test") };
  const colour = options.extraFeatures === "colour" ? measureColour(data, context.progress) : undefined;
  const width = basis.rank + (colour?.width ?? 0);
  const model = mlpOnFeatures(width, options);
  const beside = (partition: Partition) =>
    colour ? withColumns(coordinates[partition], basis.rank, colour.values[partition]) : coordinates[partition];
  const inputs = options.size ** 2 * 3;
  return {
    model,
    examples: { train: beside("train"), validation: beside("validation"), test: beside("test") },
    architecture: `${architectureOf(inputs, options.hidden)}${colour ? ` with ${colour.width} colour features` : ""}`,
    stemFingerprint: fingerprintOf(basis),
    stemParameters: projection.matrix.length + projection.offset.length + 2 * (colour?.width ?? 0),
    async save(run) {
      const whole = mlpBehindProjection(options.size, basis.rank, options, colour && data.preprocessing);
      const own = new Map([
        ["subspace/basis", projection.matrix],
        ["subspace/offset", projection.offset],
        ...(colour
          ? ([
              ["colour/shift", colour.scaling.shift],
              ["colour/scale", colour.scaling.scale],
            ] as const)
          : []),
      ]);
      copyWeights(model, whole, own);
      await saveTopology(whole, run.topology);
      await saveWeights(whole, run.bestWeights);
      whole.dispose();
    },
    async close() {
      model.dispose();
    },
  };
}
