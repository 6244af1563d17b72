/** @module `histo options`: every declared option as a page of the docs, or as JSON schema. */
import { settingsSchema } from "../deployment/index";
import { registeredModels } from "../models/registry/index";
import {
  changeSchema,
  deploymentSchema,
  flagName,
  logsSchema,
  type OptionsSchema,
  optionsJsonSchema,
  optionsTable,
  pricesSchema,
  releaseSchema,
  removalSchema,
  serveSchema,
  slideSchema,
  trainingSchema,
} from "../options/index";
import { benchSchema } from "./bench";
import type { CommandDefinition } from "./command";
import { compareSchema } from "./compare";
import { packSchema } from "./data-pack";
import { synthSchema } from "./data-synth";
import { edaSchema } from "./eda";
import { evaluateSchema } from "./evaluate";
import { explainSchema } from "./explain";
import { exportSchema } from "./export";
import { rangeSchema } from "./lr-range";
import { metricsSchema } from "./metrics";
import { mlflowSchema } from "./mlflow-options";
import { mlflowStartSchema } from "./mlflow-start";
import { predictSchema } from "./predict";
import { runsSchema } from "./runs";
import { searchSchema } from "./search";
import { startSchema } from "./start";
import { runSchema } from "./train";
import { workerSchema } from "./worker";

const COMMANDS: Readonly<Record<string, OptionsSchema>> = {
  start: startSchema,
  "data synth": synthSchema,
  "data pack": packSchema,
  eda: edaSchema,
  train: runSchema,
  "lr-range": rangeSchema,
  search: searchSchema,
  worker: workerSchema,
  compare: compareSchema,
  evaluate: evaluateSchema,
  metrics: metricsSchema,
  export: exportSchema,
  predict: predictSchema,
  explain: explainSchema,
  slide: slideSchema,
  serve: serveSchema,
  runs: runsSchema,
  "mlflow start": mlflowStartSchema,
  "mlflow sync": mlflowSchema,
  bench: benchSchema,
  "deploy lambda|ec2": releaseSchema,
  "deploy tracking": changeSchema,
  "deploy status": deploymentSchema,
  "deploy logs": logsSchema,
  "deploy prices": pricesSchema,
  "deploy destroy": removalSchema,
};

const INTRODUCTION = `# Options

This page is made by \`npx histo options > docs/options.md\` from the declarations in
[\`src/options\`](../src/options/training.ts); a test keeps it up to date.

## Training

These options belong to \`histo train\` and \`histo lr-range\`, to \`runTraining({ ... })\` in notebooks, to the keys of a
search space, and to \`histo train --options '{"epochs": 3}'\`: everywhere the name, the default and the check are the same.
A run that is resumed keeps the values it began with. \`npx histo options --json\` prints their JSON schema.`;

const SETTINGS = `The keys of the settings file that every \`histo deploy\` command reads ([settings.json](../serve/aws/settings.json)).`;

interface Result {
  /** JSON schema by command; `training` for the options of a training. */
  readonly [name: string]: object;
}

export const optionsCommand: CommandDefinition<object, Result> = {
  configure: (command) => command,
  async run() {
    const schemas = Object.entries({ training: trainingSchema, ...COMMANDS, "deployment settings": settingsSchema });
    return Object.fromEntries(schemas.map(([name, schema]) => [name, optionsJsonSchema(schema)]));
  },
  render: () => optionsPage().trimEnd(),
};

/** The networks of `--model`, each with the options by which `histo compare` trains it at the usual size. */
function modelsTable(): string {
  const rows = registeredModels().map(({ name, description, recipe }) => {
    const flags = Object.entries(recipe(224)).map(
      ([option, value]) => `--${flagName({ name: option })}${value === true ? "" : ` ${value}`}`,
    );
    return `| \`${name}\` | ${description} | \`${flags.join(" ")}\` |`;
  });
  return ["## Models", "", "| `--model` | what it is | options that suit it |", "| --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** The page of the docs. */
export function optionsPage(): string {
  const commands = Object.entries(COMMANDS).map(([name, schema]) => `## \`histo ${name}\`\n\n${optionsTable(schema)}`);
  const settings = `## Settings of a deployment\n\n${SETTINGS}\n\n${optionsTable(settingsSchema)}`;
  return `${[INTRODUCTION, optionsTable(trainingSchema), modelsTable(), ...commands, settings].join("\n\n")}\n`;
}
