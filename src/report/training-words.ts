/** @module What a history of epochs tells a careful reader: that training stopped early, or went on too long. */
import { bestByMonitor, type EpochLine, type Monitor, monitored } from "../evaluation/index";
import { counted, decimal } from "../html/index";

const LOSS: Monitor = { metric: "loss", mode: "min" };
/** A loss that rose by this share, over this many epochs and this share of them, rose long before. */
const ROSE = { by: 1.05, epochs: 2, share: 0.2 };

/** Sentences about the epoch whose weights were kept; none where there is nothing to remark. */
export function trainingWords(history: readonly EpochLine[], monitor: Monitor): string[] {
  const best = bestByMonitor(history, monitor);
  const lowest = bestByMonitor(history, LOSS);
  const last = history.at(-1);
  if (!best || !lowest || !last || history.length < 2) return [];
  return [
    ...(best === last
      ? [
          `The best epoch was the last one (${last.epoch}): the model was still getting better, so train for more epochs.`,
        ]
      : []),
    ...(monitor.metric === "loss" ? [] : risen(lowest, best, history.length, monitor.metric)),
  ];
}

function risen(lowest: EpochLine, best: EpochLine, epochs: number, metric: string): string[] {
  const [low, kept] = [monitored(lowest, LOSS), monitored(best, LOSS)];
  const later = best.epoch - lowest.epoch;
  if (later < Math.max(ROSE.epochs, ROSE.share * epochs) || !(kept > ROSE.by * low)) return [];
  return [
    `Validation loss was lowest ${counted(later, "epoch")} before the kept one: ${decimal(low)} at epoch ${lowest.epoch}, ` +
      `${decimal(kept)} at epoch ${best.epoch}. The kept epoch is the best by ${metric}; its probabilities are further off ` +
      "than they were. Where probabilities matter, train with <code>--monitor loss</code>.",
  ];
}
