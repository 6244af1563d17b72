/** @module A frozen ONNX backbone with a trained head: embeddings once per file and data set, then the same trainer. */
import { copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { openBackbone } from "../../backbones/index";
import type { Partition } from "../../dataset/index";
import { InputError } from "../../errors/index";
import { copyWeights, mlpOnFeatures, OnnxBackbone, saveTopology, saveWeights } from "../../models/index";
import { BACKBONE_PREFIX, defaultTrainingOptions, type TrainingOptions } from "../../options/index";
import { tf } from "../../tensorflow/index";
import { featureExamples } from "../batches";
import type { TrainingData } from "../data";
import { fitScaling, scaled } from "../feature-scaling";
import type { Network, NetworkContext } from "../trainable";
import { embeddingsOf } from "./embeddings";

/**
 * Features of a frozen backbone under a trained head; linear unless `hidden` says otherwise.
 * @throws {InputError} `BACKBONE_...`, `AUGMENTATION_UNKNOWN`, `OPTION_RANGE`
 */
export async function backboneNetwork(
  options: TrainingOptions,
  data: TrainingData,
  context: NetworkContext,
): Promise<Network> {
  if (options.augment !== "none") {
    throw new InputError(
      "AUGMENTATION_UNKNOWN",
      "A frozen backbone sees each tile once, as it is: leave --augment out.",
    );
  }
  const backbone = await openBackbone(options.model.slice(BACKBONE_PREFIX.length), options, context);
  const { file, description, normalization } = backbone;
  if (description.size && description.size !== options.size) {
    throw new InputError("BACKBONE_SIZE", `${file} takes images of --size ${description.size}, not ${options.size}.`);
  }
  const { width, views, form } = await embeddingsOf(backbone, data, 1, context);
  const [values] = views as [Float32Array];
  const rows = (partition: Partition) => {
    const positions = data.positions[partition];
    const own = new Float32Array(positions.length * width);
    positions.forEach((at, i) => {
      own.set(values.subarray(at * width, (at + 1) * width), i * width);
    });
    return own;
  };
  const scaling = fitScaling(rows("train"), width);
  const of = (partition: Partition) =>
    featureExamples([scaled(rows(partition), scaling)], width, data.labels[partition], options.seed);
  const isDefault = options.hidden.join() === defaultTrainingOptions.hidden.join();
  const hidden = isDefault ? [] : options.hidden;
  const model = mlpOnFeatures(width, { ...options, hidden });
  return {
    model,
    examples: { train: of("train"), validation: of("validation"), test: of("test") },
    architecture: ["backbone", width, ...hidden, 1].join("-"),
    stemParameters: 2 * width + description.parameters,
    async save(run) {
      const copy = join(dirname(run.topology), "backbone.onnx");
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(file, copy);
      for (const name of description.weightFiles) {
        await mkdir(dirname(join(dirname(copy), name)), { recursive: true });
        await copyFile(join(dirname(file), name), join(dirname(copy), name));
      }
      const { mean, std } = data.preprocessing;
      const input = tf.input({ shape: [options.size, options.size, 3], name: "pixels" });
      const frozen = new OnnxBackbone({
        name: "backbone",
        file: basename(copy),
        features: width,
        mean,
        std,
        sha256: description.sha256,
        output: description.outputIndex,
        ...form,
        normalMean: normalization.mean,
        normalStd: normalization.std,
      });
      const head = mlpOnFeatures(width, { ...options, hidden });
      let x = frozen.apply(input) as tf.SymbolicTensor;
      for (const layer of head.layers.slice(1)) x = layer.apply(x) as tf.SymbolicTensor;
      const whole = tf.model({ inputs: input, outputs: x, name: "backbone" });
      const own = new Map([
        ["backbone/shift", scaling.shift],
        ["backbone/scale", scaling.scale],
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
