/**
 * @module The eight flips and rotations of a square image (the dihedral group D4) divide pixel space into parts that no view
 * mixes. So a principal basis of all eight views can be computed part by part from one view, and a view changes coordinates
 * only by signs and swaps.
 *
 * Mirroring rows and columns gives four quarter images by parity: even-even, odd-odd, even-odd and odd-even. Swapping
 * rows and columns splits the first two into symmetric and antisymmetric parts (classes A1, B1, B2, A2 of the group) and
 * exchanges the last two, whose coordinates therefore come in pairs (class E).
 * @see Serre 1977, Linear Representations of Finite Groups, chapter 2 (canonical decomposition)
 */
import { tf } from "../../tensorflow/index";

/** A part of pixel space. They differ in how views change their coordinates. */
export type SymmetryClass = "A1" | "B1" | "B2" | "A2" | "E";

export const symmetryClasses: readonly SymmetryClass[] = ["A1", "B1", "B2", "A2", "E"];

/** Rows of the quarter images of an image with this edge length. */
export function quarterOf(size: number): number {
  return Math.ceil(size / 2);
}

/** Images [n, s, s, 3] as quarter images [n, h * h * 3] of each class; E has first the even-odd ones, then the odd-even ones. */
export function split(images: tf.Tensor4D): Record<SymmetryClass, tf.Tensor2D> {
  const size = images.shape[1];
  const flat = (x: tf.Tensor) => tf.reshape(x, [x.shape[0] as number, -1]) as tf.Tensor2D;
  const halves = (x: tf.Tensor, axis: 1 | 2): [even: tf.Tensor, odd: tf.Tensor] => {
    const [top, mirrored] = [x, tf.reverse(x, axis)].map((half) => firstHalf(half, axis, size));
    // The middle row of an odd size is its own mirror image.
    const weights = halfWeights(size, axis, 0.5);
    return [tf.mul(tf.add(top!, mirrored!), weights), tf.mul(tf.sub(top!, mirrored!), Math.SQRT1_2)];
  };
  const [even, odd] = halves(images, 1);
  const [[ee, eo], [oe, oo]] = [halves(even, 2), halves(odd, 2)];
  const part = (x: tf.Tensor, sign: 1 | -1) => flat(tf.mul(tf.add(x, tf.mul(transposed(x), sign)), 0.5));
  return {
    A1: part(ee, 1),
    B1: part(ee, -1),
    B2: part(oo, 1),
    A2: part(oo, -1),
    E: tf.concat([flat(eo), flat(transposed(oe))]),
  };
}

/** The images [k, s * s * 3] of quarter images [k, h * h * 3]. @param second for E: the odd-even kind */
export function join(quarters: tf.Tensor2D, symmetry: SymmetryClass, size: number, second = false): tf.Tensor2D {
  const h = quarterOf(size);
  const odd = symmetry === "B2" || symmetry === "A2";
  const rowsOdd = odd || (symmetry === "E" && second);
  const columnsOdd = odd || (symmetry === "E" && !second);
  const k = quarters.shape[0];
  const square = tf.reshape(quarters, [k, h, h, 3]);
  const oriented = symmetry === "E" && second ? transposed(square) : square;
  const mirror = (x: tf.Tensor, axis: 1 | 2, isOdd: boolean) => {
    const half = tf.mul(x, isOdd ? Math.SQRT1_2 : halfWeights(size, axis, 1));
    const rest = firstHalf(half, axis, 2 * Math.floor(size / 2));
    return tf.concat([half, tf.mul(tf.reverse(rest, axis), isOdd ? -1 : 1)], axis);
  };
  return tf.reshape(mirror(mirror(oriented, 1, rowsOdd), 2, columnsOdd), [k, size * size * 3]) as tf.Tensor2D;
}

/**
 * The effect of a view on coordinates: `z'[i] = sign[i] * z[source[i]]`. @param classes of the coordinates; the two of E are adjacent
 * @param view bit 0 mirrors columns, bit 1 mirrors rows, bit 2 first swaps rows and columns
 */
export function viewOfCoordinates(
  classes: readonly SymmetryClass[],
  view: number,
): { source: Int32Array; sign: Float32Array } {
  const [mirrorColumns, mirrorRows, swap] = [view & 1, view & 2, view & 4].map((bit) => (bit ? -1 : 1));
  const both = mirrorColumns! * mirrorRows!;
  const source = Int32Array.from(classes, (_, i) => i);
  const sign = new Float32Array(classes.length);
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] === "E") {
      if (swap === -1) [source[i], source[i + 1]] = [i + 1, i];
      [sign[i], sign[i + 1]] = [mirrorColumns!, mirrorRows!];
      i++;
    } else {
      sign[i] = { A1: 1, B1: swap!, B2: both, A2: both * swap! }[classes[i] as Exclude<SymmetryClass, "E">];
    }
  }
  return { source, sign };
}

function transposed(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [0, 2, 1, 3]);
}

function firstHalf(x: tf.Tensor, axis: 1 | 2, size: number): tf.Tensor {
  const extent = x.shape.slice();
  extent[axis] = quarterOf(size);
  return tf.slice(x, [0, 0, 0, 0], extent);
}

/** Weights of half an image along an axis. @param middle weight of the middle row of an odd size */
function halfWeights(size: number, axis: 1 | 2, middle: number): tf.Tensor {
  const h = quarterOf(size);
  const weights = Array.from({ length: h }, (_, i) => (size % 2 === 1 && i === h - 1 ? middle : Math.SQRT1_2));
  return tf.tensor(weights, axis === 1 ? [1, h, 1, 1] : [1, 1, h, 1]);
}
