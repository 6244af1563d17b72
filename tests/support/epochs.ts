/** @module Epochs as callbacks see them, without a training. */
import type { EpochResult, Trainer } from "../../src/training/index";

/** What an epoch gave on validation. */
export function epochResult(epoch: number, validation: Record<string, number>): EpochResult {
  const measures = { loss: 0.5, rocAuc: 0.75, ...validation };
  const place = { epoch, learningRate: 1e-3, seconds: 2, imagesPerSecond: 50, waiting: 0 };
  return { ...place, train: measures, validation: measures } as unknown as EpochResult;
}

/** The part of a trainer that callbacks read and write. */
export function watchedTrainer(more: Partial<Trainer> = {}): Trainer {
  return { epoch: 0, batch: 0, step: 0, lrScale: 1, stopReason: undefined, history: [], ...more } as unknown as Trainer;
}
