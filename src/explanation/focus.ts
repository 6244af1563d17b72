/** @module Summarizes a heat map: the weight of its strongest parts, and the share of tissue in them. */
import { glanceAt } from "../familiar/index";
import { leastOutlined } from "./drawing";
import type { Explanation, HeatMap } from "./explain";

/**
 * Compares the outlined tenth of the parts with the whole map.
 * @returns `weight`: their share of the map's total weight, 0 to 1, near 0.1 if all parts weigh the same; `tissue`: the share of
 * them that is tissue, 0 to 1
 */
export function focusOf({ pixels, size }: Explanation, { grid, contributions }: HeatMap) {
  const least = leastOutlined(contributions);
  const weights = contributions.map(Math.abs);
  const outlined = weights.flatMap((weight, part) => (weight >= least ? [part] : []));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const edge = Math.max(1, Math.floor(size / grid));
  const at = (index: number) => Math.min(size - edge, Math.round((index * size) / grid));
  const tissue = outlined.map((part) => {
    const [top, left] = [at(Math.floor(part / grid)), at(part % grid)];
    const rows = Array.from({ length: edge }, (_, y) => {
      const start = ((top + y) * size + left) * 3;
      return pixels.subarray(start, start + edge * 3);
    });
    return glanceAt(Buffer.concat(rows), edge).tissue;
  });
  return {
    weight: sum(outlined.map((part) => weights[part] as number)) / Math.max(sum(weights), Number.MIN_VALUE),
    tissue: sum(tissue) / Math.max(1, tissue.length),
  };
}
