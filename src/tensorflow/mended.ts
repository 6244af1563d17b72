/** @module Mends what tfjs 4.22.0 computes wrong in layers, gradients and operations that a user's network may have. */
import * as tf from "@tensorflow/tfjs";

/** Value of a scaled exponential unit far below zero. */
const SATURATION = -1.7580993408473766;

/** Marks a layer that is mended, because modules may be loaded again in the same process. */
const MENDED = Symbol.for("histo.mended");

interface DropoutCall {
  readonly rate: number;
  [MENDED]?: true;
  call(inputs: tf.Tensor | tf.Tensor[], options: { readonly training?: boolean }): tf.Tensor | tf.Tensor[];
}

/**
 * Alpha dropout sets units to the negative saturation. tfjs's sets them to the positive one; of the negated input, and negated, it
 * is right up to a constant. @see findings/tfjs-alpha-dropout-sign.sh
 */
function mendAlphaDropout(): void {
  const layer = Object.getPrototypeOf(tf.layers.alphaDropout({ rate: 0.5 })) as DropoutCall;
  if (layer[MENDED]) return;
  layer[MENDED] = true;
  const { call } = layer;
  layer.call = function (this: DropoutCall, inputs, options) {
    const { rate } = this;
    if (!options.training || rate <= 0 || rate >= 1) return call.call(this, inputs, options);
    const shift = -rate * SATURATION * ((1 - rate) * (1 + rate * SATURATION ** 2)) ** -0.5;
    const [x] = [inputs].flat() as [tf.Tensor];
    return tf.tidy(() => tf.sub(2 * shift, call.call(this, tf.neg(x), options) as tf.Tensor));
  };
}

/** Equal largest (or smallest) values share the gradient. tfjs gives each the whole. @see findings/tfjs-max-gradient-of-ties.sh */
function shareGradient(kernelName: string): void {
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      const axes = tf.util.parseAxisParam(
        (attributes.reductionIndices ?? attributes.axis) as number | number[],
        x.shape,
      );
      const reduced = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const gradient = () => {
        const reached = tf.cast(tf.equal(x, tf.reshape(y, reduced)), "float32");
        const share = tf.divNoNan(tf.reshape(dy as tf.Tensor, reduced), tf.sum(reached, axes, true));
        return tf.mul(reached, share);
      };
      return { x: () => tf.tidy(gradient) };
    },
  });
}

interface TransformCall {
  readonly inputs: { readonly image: tf.Tensor4D; readonly transforms: tf.Tensor2D };
  readonly attrs: {
    readonly interpolation: "nearest" | "bilinear";
    readonly fillMode: "constant" | "reflect" | "wrap" | "nearest";
    readonly fillValue: number;
    readonly outputShape?: [number, number];
  };
}

/** Plain JavaScript transforms only the first image of a batch. @see findings/tfjs-transform-first-image.sh */
function transformEachImage(): void {
  const kernel = tf.getKernel(tf.Transform, "cpu");
  if (!kernel) return;
  const kernelFunc: tf.KernelFunc = (call) => {
    const { inputs, attrs } = call as unknown as TransformCall;
    const { image, transforms } = inputs;
    const { interpolation, fillMode, fillValue, outputShape } = attrs;
    if (image.shape[0] <= 1) return kernel.kernelFunc(call);
    const one = (i: number) => {
      const row = transforms.shape[0] === 1 ? transforms : tf.slice(transforms, [i], [1]);
      return tf.image.transform(tf.slice(image, [i], [1]), row, interpolation, fillMode, fillValue, outputShape);
    };
    return tf.tidy(() => tf.concat(Array.from({ length: image.shape[0] }, (_, i) => one(i))));
  };
  tf.unregisterKernel(tf.Transform, "cpu");
  tf.registerKernel({ ...kernel, kernelFunc });
}

mendAlphaDropout();
shareGradient(tf.Max);
shareGradient(tf.Min);
transformEachImage();
