/** @module The colours of heat maps in pictures and on the web page. */

/** RGB, 0 to 255. */
type Colour = readonly [number, number, number];

export interface HeatMapColours {
  readonly negative: Colour;
  readonly positive: Colour;
}

/**
 * Both are visible on pink and purple tissue, also for people with red-green colour blindness. Parts without a contribution are
 * transparent.
 */
export const HEAT_MAP_COLOURS: HeatMapColours = { negative: [0, 110, 140], positive: [255, 150, 0] };
