import assert from "node:assert/strict";
import { test } from "node:test";
import { silentProgress } from "../../../src/progress/index";
import { Forecast, type Trainer } from "../../../src/training/index";
import { watchedTrainer } from "../../support/epochs";

/** What is said of a training of 10 epochs with 50 batches, when a batch takes so many milliseconds. */
function said(
  milliseconds: number,
  training: { parameters: number; model?: string; ema?: number; expectedSeconds?: number },
): string[] {
  const lines: string[] = [];
  let clock = 0;
  const forecast = new Forecast(
    { ...silentProgress, say: (line) => void lines.push(line) },
    { data: "tiles", model: "mlp", stem: "pixels", optimizer: "adam", ema: 0, ...training },
    () => clock,
  );
  const at = (step: number) =>
    watchedTrainer({ step, options: { epochs: 10 }, source: { batches: 50 } } as Partial<Trainer>);
  forecast.onStart(at(0));
  for (let step = 1; step <= 8; step++) {
    clock += step === 1 ? 20 * milliseconds : milliseconds;
    forecast.onBatchEnd(at(step));
  }
  return lines;
}

test("a long training of a large network says what it takes, and what would be quicker, once", () => {
  assert.deepEqual(said(2000, { parameters: 360e6 }), [
    "360 million weights: they and the optimizer take 4.3 GB of memory.",
    "This takes up to 16 min 34 s (10 epochs, 50 batches each, 2.0 s a batch). Quicker: histo train --data tiles --model colour in seconds, or the same network with --stem subspace in minutes.",
  ]);
});

test("where the duration can be expected, it is said with the advice before the first batch, and measured after the third", () => {
  assert.deepEqual(said(2000, { parameters: 360e6, expectedSeconds: 1.5 }), [
    "360 million weights: they and the optimizer take 4.3 GB of memory.",
    "This takes about 12 min 30 s (10 epochs, 50 batches each, 1.5 s a batch). Quicker: histo train --data tiles --model colour in seconds, or the same network with --stem subspace in minutes.",
    "This takes up to 16 min 34 s (10 epochs, 50 batches each, 2.0 s a batch).",
  ]);
});

test("other networks are not told of the subspace", () => {
  const [line = "", ...rest] = said(2000, { parameters: 2e5, model: "cnn" });
  assert.match(line, /--model colour in seconds\.$/);
  assert.deepEqual(rest, []);
});

test("an average of the weights takes as much memory as they do", () => {
  assert.match(said(20, { parameters: 360e6, ema: 0.99 })[0] ?? "", /take 5\.8 GB of memory/);
});

test("a short training is not talked about", () => {
  assert.deepEqual(said(20, { parameters: 2e5 }), []);
});
