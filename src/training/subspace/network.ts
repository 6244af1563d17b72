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
import type { Progress } from "../../progress/index";
import type { TrainingOptions } from "../../runs/index";
import { runtime, setPrecision } from "../../tensorflow/index";
import { pixelExamples } from "../batches";
import type { TrainingData } from "../data";
import { resolvePrecision } from "../setup";
import type { Network } from "../trainable";
import { cachedBasis } from "./basis-cache";
import { coordinateExamples, project, whitenedProjection } from "./coordinates";

/** Projects all tiles once; the network then sees `rank` numbers an image. */
export async function subspaceNetwork(
  options: TrainingOptions,
  data: TrainingData,
  context: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<Network> {
  if (runtime.kind !== "native") {
    throw new HistoError("NATIVE_NEEDED", "--stem subspace needs the native TensorFlow (see histo doctor).");
  }
  setPrecision("fp32");
  const basis = await cachedBasis(data, options, context);
  const projection = whitenedProjection(basis, options.whitening);
  const task = context.progress.start("Coordinates", data.dataset.tiles.length, "images");
  let before = 0;
  const of = (partition: Partition) => {
    const labels = data.labels[partition];
    const pixels = pixelExamples(data.store, data.positions[partition], labels, data.preprocessing);
    const coordinates = project(pixels, projection, (done) => task.update(before + done));
    before += labels.length;
    return coordinateExamples(coordinates, basis.classes, labels, options.seed);
  };
  const examples = { train: of("train"), validation: of("validation"), test: of("test") };
  task.finish();
  setPrecision(resolvePrecision(options.precision));
  const model = mlpOnFeatures(basis.rank, options);
  return {
    model,
    examples,
    architecture: architectureOf(options.size ** 2 * 3, options.hidden),
    stemParameters: projection.matrix.length + projection.offset.length,
    async save(run) {
      const whole = mlpBehindProjection(options.size, basis.rank, options);
      const own = new Map([
        ["subspace/basis", projection.matrix],
        ["subspace/offset", projection.offset],
      ]);
      copyWeights(model, whole, own);
      await saveTopology(whole, run.topology);
      await saveWeights(whole, run.bestWeights);
      whole.dispose();
    },
  };
}
