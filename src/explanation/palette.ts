/** @module The colours of heat maps, for pictures and for the page alike. */

/** RGB, 0 to 255. */
type Colour = readonly [number, number, number];

export interface HeatMapColours {
  readonly negative: Colour;
  readonly positive: Colour;
}

/**
 * Both stand out on pink and purple tissue, also for people who do not tell red from green. A part without any weight has no
 * colour: the tissue shows.
 */
export const HEAT_MAP_COLOURS: HeatMapColours = {
  negative: [0, 110, 140],
  positive: [255, 150, 0],
};
