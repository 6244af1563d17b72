/** @module Warns of a training that stopped too early or went on too long. */
import { bestByMonitor, type EpochLine, type Monitor, monitored } from "../evaluation/index";
import { counted, decimal } from "../format/index";

const LOSS: Monitor = { metric: "loss", mode: "min" };
/** A notable rise of the loss: by this factor, over at least this many epochs and this share of all epochs. */
const ROSE = { by: 1.05, epochs: 2, share: 0.2 };

/** Sentences about the epoch whose weights were kept; none if it needs no remark. */
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
