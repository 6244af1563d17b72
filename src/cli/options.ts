/** @module `histo options`: prints all options as a page of the docs, or as JSON schema. */
import { settingsSchema } from "../deployment/index";
import { markdownTable } from "../format/index";
import { registeredModels } from "../models/registry/index";
import { flagName, type OptionsSchema, optionsJsonSchema, optionsTable, trainingSchema } from "../options/index";
import { defineCommand } from "./command";

const INTRODUCTION = `# Options

This page is made by \`npx histo options > docs/options.md\` from the declarations in
[\`src/options\`](../src/options/training.ts); a test keeps it up to date.

## Training

These options belong to \`histo train\` and \`histo lr-range\`, to \`runTraining({ ... })\` in notebooks, to the keys of a
search space, and to \`histo train --options '{"epochs": 3}'\`: everywhere the name, the default and the check are the same.
A run that is resumed keeps the values it began with. \`npx histo options --json\` prints their JSON schema.`;

const SETTINGS = `The keys of the settings file that every \`histo deploy\` command reads ([settings.json](../serve/aws/settings.json)).`;

export const command = defineCommand({
  /** JSON schema by command; `training` for the training options. */
  async run() {
    const commands = await schemasByCommand();
    const schemas = Object.entries({ training: trainingSchema, ...commands, "deployment settings": settingsSchema });
    return Object.fromEntries(schemas.map(([name, schema]) => [name, optionsJsonSchema(schema)]));
  },
  render: async () => (await optionsPage()).trimEnd(),
});

async function schemasByCommand(): Promise<Record<string, OptionsSchema>> {
  const { commandSchemas } = await import("./commands.js");
  return commandSchemas();
}

/** The networks of `--model`, each with the options that `histo compare` uses at the usual size. */
function modelsTable(): string {
  const rows = registeredModels().map(({ name, description, recipe }) => {
    const flags = Object.entries(recipe(224)).map(
      ([option, value]) => `--${flagName({ name: option })}${value === true ? "" : ` ${value}`}`,
    );
    return [`\`${name}\``, description, `\`${flags.join(" ")}\``];
  });
  return `## Models\n\n${markdownTable(["`--model`", "what it is", "options that suit it"], rows)}`;
}

/** The page of the docs. */
export async function optionsPage(): Promise<string> {
  const schemas = Object.entries(await schemasByCommand());
  const commands = schemas.map(([name, schema]) => `## \`histo ${name}\`\n\n${optionsTable(schema)}`);
  const settings = `## Settings of a deployment\n\n${SETTINGS}\n\n${optionsTable(settingsSchema, { flags: false })}`;
  return `${[INTRODUCTION, optionsTable(trainingSchema), modelsTable(), ...commands, settings].join("\n\n")}\n`;
}
