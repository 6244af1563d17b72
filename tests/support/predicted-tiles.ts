/** @module A made-up model's predictions on tiles with seven votes each, shaped like MHIST's test set. */
import { type Prediction, sigmoid } from "../../src/evaluation/index";
import { Random } from "../../src/random/index";

/** Votes for SSA occur about as often as in MHIST; the model follows them loosely, and is surer of itself than right. */
export function predictedTiles(n = 977, seed = 1, signal = 0.55): Prediction[] {
  const random = new Random(seed, "predicted-tiles");
  return Array.from({ length: n }, (_, i): Prediction => {
    const votes = random.pick([0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7]);
    const logit = 1.6 * ((votes - 3.6) * signal + random.normal(0, 1.3));
    return {
      filename: `MHIST_${String(i).padStart(3, "0")}.png`,
      label: votes > 3 ? 1 : 0,
      logit,
      probability: sigmoid(logit),
      votes: { positive: votes, total: 7 },
    };
  });
}
