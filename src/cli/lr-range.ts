/** @module `histo lr-range`: finds the learning rates with which a network can be trained. */
import { resolve } from "node:path";
import * as z from "zod";
import { mustBeDataFolder } from "../dataset/labels/index";
import { InputError } from "../errors/index";
import { mustBeWritable, writeFileAtomically } from "../files/index";
import { counted } from "../format/index";
import { between, group, option, trainingSchema, whole } from "../options/index";
import { defineCommand } from "./command";
import { givenTraining } from "./schema-options";
import { refuseUnusedReference } from "./train";

const rangeSchema = z.strictObject({
  ...group("Range test", {
    lowest: option(between(1e-12, 1e3).default(1e-7), "first learning rate", { value: "x" }),
    highest: option(between(1e-12, 1e3).default(1), "last learning rate", { value: "x" }),
    steps: option(whole(20, 100_000).default(150), "updates", { value: "n" }),
    figure: option(z.string().optional(), "draw loss by learning rate", { value: "png" }),
  }),
});

export const command = defineCommand({
  schema: rangeSchema,
  moreOptions: [trainingSchema],
  async run({ figure: target, ...rates }, { flags, progress, signal }) {
    const options = givenTraining(flags);
    refuseUnusedReference(options);
    if (rates.lowest >= rates.highest) throw new InputError("OPTION_RANGE", "--lowest must be below --highest.");
    if (options.data !== undefined) await mustBeDataFolder(options.data);
    if (target) await mustBeWritable("--figure", resolve(target));
    const { runLearningRateRange } = await import("../training/index.js");
    const range = await runLearningRateRange(options, { ...rates, progress, signal });
    const figure = target && resolve(target);
    if (figure) {
      const [{ FIGURE_SIZE, learningRateRangeFigure }, { figureToPng }] = await Promise.all([
        import("../plots/index.js"),
        import("../notebook/index.js"),
      ]);
      await writeFileAtomically(figure, await figureToPng(learningRateRangeFigure(range), FIGURE_SIZE));
    }
    return { ...range, ...(figure && { figure }) };
  },
  render: ({ points, suggestion, figure }) =>
    [
      `Tried      ${rate(points[0]?.learningRate)} to ${rate(points.at(-1)?.learningRate)} in ${counted(points.length, "step")}`,
      `Suggested  --lr ${rate(suggestion)} (the loss falls fastest there; a good highest rate)`,
      ...(figure ? [`Figure     ${figure}`] : []),
    ].join("\n"),
});

const rate = (value = Number.NaN) => value.toExponential(1);
