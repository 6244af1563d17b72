/** @module The MLP on subspace coordinates, which is saved as a model on pixels. */
import { HistoError } from "../../errors/index";
import { architectureOf, copyWeights, mlpBehindProjection, mlpOnFeatures, saveModel } from "../../models/index";
import type { TrainingOptions } from "../../options/index";
import { runtime, setPrecision } from "../../tensorflow/index";
import { withColumns } from "../batches";
import { measureColour } from "../colour-measures";
import { byPartition, type TrainingData } from "../data";
import { scalingWeights } from "../rows";
import type { TaskContext, TrainingTask } from "../training-task";
import { cachedBasis, fingerprintOf } from "./basis-cache";
import { cachedCoordinates, coordinateExamples, whitenedProjection } from "./coordinates";

/** An MLP on `rank` coordinates of each image, and its colour features with `extraFeatures`. All tiles are projected once. */
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
  const coordinates = await cachedCoordinates(data, basis, { projection, whitening: options.whitening }, context);
  const colour = options.extraFeatures === "colour" ? await measureColour(data, context) : undefined;
  const width = basis.rank + (colour?.width ?? 0);
  const model = mlpOnFeatures(width, options);
  const examples = byPartition((partition) => {
    const labels = data.labels[partition];
    const plain = coordinateExamples(coordinates[partition], basis.classes, labels, options.seed);
    return colour ? withColumns(plain, basis.rank, colour.values[partition]) : plain;
  });
  const inputs = options.size ** 2 * 3;
  return {
    model,
    examples,
    architecture: `${architectureOf(inputs, options.hidden)}${colour ? ` with ${colour.width} colour features` : ""}`,
    stemFingerprint: fingerprintOf(basis),
    stemParameters: projection.matrix.length + projection.offset.length + 2 * (colour?.width ?? 0),
    async save(run) {
      const whole = mlpBehindProjection(options.size, basis.rank, options, colour && data.preprocessing);
      const fixed = new Map([
        ["subspace/basis", projection.matrix],
        ["subspace/offset", projection.offset],
        ...(colour ? scalingWeights("colour", colour.scaling) : []),
      ]);
      copyWeights(model, whole, fixed);
      await saveModel(whole, run);
      whole.dispose();
    },
  };
}
