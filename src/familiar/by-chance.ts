/** @module How many of the tiles of a slide chance alone takes for unlike the training tiles. */
import { type Familiarity, isUnlikeTraining } from "./familiarity";

/** Accepted share of slides like the training tiles of which more tiles are taken for unlike them. */
const MISTAKEN = 1e-3;

/**
 * The most of a number of tiles like the training tiles that {@link isUnlikeTraining} takes for unlike ones: more are in one of a thousand
 * slides. Their number has a beta-binomial distribution, because few tiles for calibration give a rate that is itself uncertain (Vovk
 * 2012). Undefined if the tiles for calibration are too few to call any tile unlike.
 */
export function mostUnlikeByChance({ distances }: Familiarity, tiles: number): number | undefined {
  const places = distances.length + 1;
  let alarms = 0;
  while (isUnlikeTraining((alarms + 1) / places)) alarms++;
  if (alarms === 0) return undefined;
  const others = places - alarms;
  let probability = 1;
  for (let i = 0; i < tiles; i++) probability *= (others + i) / (places + i);
  let [most, upTo] = [0, probability];
  while (1 - upTo >= MISTAKEN) {
    probability *= ((tiles - most) * (alarms + most)) / ((most + 1) * (others + tiles - most - 1));
    most++;
    upTo += probability;
  }
  return most;
}
