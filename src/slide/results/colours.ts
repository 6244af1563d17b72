/** @module Colours of probabilities in the heat map, in QuPath and in the viewer. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Viridis at ten points: perceptually uniform and suitable for colour-blind readers. @see https://bids.github.io/colormap/ */
const STOPS: readonly Colour[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];

/** The colour of a probability. */
export function colourOf(probability: number): Colour {
  const place = Math.min(1, Math.max(0, probability)) * (STOPS.length - 1);
  const before = Math.min(STOPS.length - 2, Math.floor(place));
  const part = place - before;
  const [low, high] = [STOPS[before] as Colour, STOPS[before + 1] as Colour];
  return [0, 1, 2].map((c) =>
    Math.round((low[c] as number) * (1 - part) + (high[c] as number) * part),
  ) as unknown as Colour;
}

/** Colours of the two classes. */
export const CLASS_COLOURS: readonly [negative: Colour, positive: Colour] = [
  [49, 104, 142],
  [213, 94, 0],
];
