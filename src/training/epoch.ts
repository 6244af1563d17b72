/** @module The results of an epoch. */
import type { BinaryMetrics } from "../evaluation/index";

/** Measures of one pass over a partition: the loss, the metrics of `histo metrics` at threshold 0.5, and user metrics. */
export type Measures = { loss: number } & BinaryMetrics & Record<string, unknown>;

export interface EpochResult {
  /** Counted from 1. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Share of the time spent waiting for batches. */
  readonly waiting: number;
  /** Measured during the epoch, with augmentation and dropout. */
  readonly train: Measures;
  readonly validation: Measures;
}

/** The batches of an epoch so far: weighted sum of the losses, logits and labels in the order of the batches. */
export interface SeenBatches {
  lossSum: number;
  /** Sum of the weights in the loss. */
  weight: number;
  readonly logits: number[];
  readonly labels: number[];
}
