/** @module Converts pixels to a graph's input: type, order of axes, standardization. */
import type { ModelCard } from "../model-directory/index";
import type { InputTensor } from "../onnxruntime/index";
import { inputShape } from "./graph-check";

/** The graph's input for `count` images. @param pixels uint8, RGB, [count, size, size, 3] */
export function modelInput(pixels: Uint8Array, count: number, card: ModelCard): InputTensor {
  const { input, preprocessing } = card;
  const { size } = preprocessing;
  if (pixels.length !== count * size * size * 3) {
    throw new RangeError(`${pixels.length} bytes are not ${count} images of ${size}x${size} RGB pixels.`);
  }
  const shape = inputShape(card, count);
  const ordered = input.layout === "NHWC" ? pixels : channelsFirst(pixels, count, size * size);
  if (input.dtype === "uint8") return { type: "uint8", data: ordered, shape };
  const { mean, std } = preprocessing;
  const data = new Float32Array(ordered.length);
  const plane = input.layout === "NHWC" ? 1 : size * size;
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / plane) % 3;
    data[i] = ((ordered[i] as number) / 255 - (mean[channel] as number)) / (std[channel] as number);
  }
  return { type: "float32", data, shape };
}

function channelsFirst(pixels: Uint8Array, count: number, plane: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let image = 0, from = 0; image < count; image++) {
    const start = image * plane * 3;
    for (let i = 0; i < plane; i++) {
      for (let channel = 0; channel < 3; channel++) out[start + channel * plane + i] = pixels[from++] as number;
    }
  }
  return out;
}
