/**
 * @module Whether the images of a batch change each other's logits. Dynamic quantization does that: the step that activations are
 * rounded by comes from the range of the whole batch.
 */
import { createReadStream } from "node:fs";

/** Operators that take a range over everything they are given. */
const OPERATORS = /DynamicQuantize(?:Linear|MatMul|LSTM)/;
const LONGEST = 22;
/** Logits of the same image that lie further apart do so for more than rounding in single precision. */
const TOLERANCE = 1e-4;

/**
 * Looks for the operators by name, then lets a faint image run alone and beside one of strong contrast.
 * @param graphPath the ONNX file
 * @param bytes of an image
 * @param logits of images, uint8 [count, bytes]
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
