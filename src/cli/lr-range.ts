/** @module `histo lr-range`: which learning rates a network can be trained with. */
import { resolve } from "node:path";
import type { TrainingOptions } from "../runs/index";
import type { RangeTest } from "../training/index";
import { type CommandDefinition, integer, number } from "./command";
import type { DataOptions } from "./data-options";
import { refuseUnusedReference, trainingOptions, withoutCommandOptions } from "./train";

type Options = Partial<TrainingOptions> &
  DataOptions & {
    readonly lowest: number;
    readonly highest: number;
    readonly steps: number;
    readonly figure?: string;
  };

interface Result extends RangeTest {
  /** Path of the figure, where one was asked for. */
  readonly figure?: string;
}

export const lrRangeCommand: CommandDefinition<Options, Result> = {
  name: "lr-range",
  summary: "let the learning rate rise over some hundred steps, and see where the loss falls and where it diverges",
  configure: (command) =>
    trainingOptions(command)
      .option("--lowest <x>", "first learning rate", number(1e-12), 1e-7)
      .option("--highest <x>", "last learning rate", number(1e-12), 1)
      .option("--steps <n>", "updates", integer(20, 100_000), 150)
      .option("--figure <png>", "draw loss by learning rate"),
  async run(given, { progress, signal }) {
    const { runLearningRateRange } = await import("../training/index.js");
    const { lowest, highest, steps, figure: target, ...rest } = given;
    const options = withoutCommandOptions(rest);
    refuseUnusedReference(options);
    const range = await runLearningRateRange(options, {
      lowest,
      highest,
      steps,
      progress,
      ...(signal && { signal }),
    });
    if (!target) return range;
    const [{ FIGURE_SIZE, learningRateRangeFigure }, { figureToPng }, { writeFileAtomically }] = await Promise.all([
      import("../plots/index.js"),
      import("../notebook/index.js"),
      import("../files/index.js"),
    ]);
    const path = resolve(target);
    await writeFileAtomically(path, await figureToPng(learningRateRangeFigure(range), FIGURE_SIZE));
    return { ...range, figure: path };
  },
  render: ({ points, suggestion, figure }) =>
    [
      `Tried      ${rate(points[0]?.learningRate)} to ${rate(points.at(-1)?.learningRate)} in ${points.length} steps`,
      `Suggested  --lr ${rate(suggestion)} (the loss falls fastest there; a good highest rate)`,
      ...(figure ? [`Figure     ${figure}`] : []),
    ].join("\n"),
};

const rate = (value = Number.NaN) => value.toExponential(1);
