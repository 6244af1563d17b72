/** @module Loads the weights of a PyTorch file into the layers of `efficientNetLite`. */
import { type LiteLayer, liteLayers } from "../../backbones/index";
import { InputError } from "../../errors/index";
import type { SafetensorsFile } from "../../files/index";
import type { EfficientNetLiteOptions } from "../../models/index";
import { tf } from "../../tensorflow/index";

/** @throws {InputError} `TENSOR_MISSING`, `TENSOR_SHAPE` if the weights belong to another network */
export async function loadPretrained(
  model: tf.LayersModel,
  shape: Pick<EfficientNetLiteOptions, "blocks">,
  weights: SafetensorsFile,
): Promise<void> {
  for (const layer of liteLayers(shape)) {
    assign(model, `${layer.name}_conv`, weights.path, [await kernelOf(layer, weights)]);
    const statistics: tf.Tensor[] = [];
    for (const part of ["weight", "bias", "running_mean", "running_var"]) {
      statistics.push(tf.tensor1d(await weights.read(`${layer.normalization}.${part}`)));
    }
    assign(model, `${layer.name}_norm`, weights.path, statistics);
  }
}

/** PyTorch's kernels are (out, in / group, height, width), Keras's (height, width, in, out) or (height, width, in, 1). */
async function kernelOf({ convolution, isDepthwise }: LiteLayer, weights: SafetensorsFile): Promise<tf.Tensor> {
  const name = `${convolution}.weight`;
  const values = await weights.read(name);
  return tf.tidy(() => {
    const kernel = tf.tensor(values, weights.shapeOf(name) as number[]);
    return tf.transpose(kernel, isDepthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
  });
}

function assign(model: tf.LayersModel, name: string, path: string, values: tf.Tensor[]): void {
  const layer = model.getLayer(name);
  layer.weights.forEach(({ shape }, i) => {
    if (shape.join() === values[i]?.shape.join()) return;
    const message = `${path} belongs to another network: ${name} has shape [${values[i]?.shape}], not [${shape}].`;
    throw new InputError("TENSOR_SHAPE", message);
  });
  layer.setWeights(values);
  tf.dispose(values);
}
