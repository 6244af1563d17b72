/**
 * @module Finds out whether the images of a batch change each other's logits. Dynamic quantization causes this, because it
 * rounds activations by a step that depends on the range of the whole batch.
 */
import { createReadStream } from "node:fs";

/** Operators that compute a range over their whole input. */
const OPERATORS = /DynamicQuantize(?:Linear|MatMul|LSTM)/;
const LONGEST = 22;
/** Larger than differences of the same logit that rounding in single precision causes. */
const TOLERANCE = 1e-4;

/**
 * Searches the file for the operators, and then runs a faint image alone and together with an image of strong contrast.
 * @param graphPath the ONNX file
 * @param bytes size of an image
 * @param logits computes the logits of images, uint8 [count, bytes]
 */
export async function dependsOnBatch(
  graphPath: string,
  bytes: number,
  logits: (pixels: Uint8Array, count: number) => Promise<Float32Array>,
): Promise<boolean> {
  if (await namesDynamicOperator(graphPath)) return true;
  const pair = new Uint8Array(2 * bytes);
  for (let i = 0; i < bytes; i++) {
    const noise = (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255;
    pair[i] = 112 + (noise >> 3);
    pair[bytes + i] = noise < 128 ? 0 : 255;
  }
  const [alone = 0] = await logits(pair.subarray(0, bytes), 1);
  const [beside = 0] = await logits(pair, 2);
  return Math.abs(alone - beside) > TOLERANCE * (1 + Math.abs(alone));
}

async function namesDynamicOperator(path: string): Promise<boolean> {
  let end = "";
  for await (const chunk of createReadStream(path, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    if (OPERATORS.test(end + chunk)) return true;
    end = (chunk as string).slice(-LONGEST);
  }
  return false;
}
