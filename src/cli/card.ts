/** @module `histo card`: prints a model's card. */
import type { ModelCard } from "../model-directory/index";
import type { OptionsSchema } from "../options/index";
import type { CommandDefinition } from "./command";

type Result = { readonly card: ModelCard; readonly page: string };

export const command: CommandDefinition<OptionsSchema, Result> = {
  configure: (command) => command.argument("<dir>", "model directory of histo export"),
  async run(_, { args: [directory = ""] }) {
    const { cardPage, readModelDirectory } = await import("../model-directory/index.js");
    const { card } = await readModelDirectory(directory);
    return { card, page: cardPage(card) };
  },
  render: ({ page }) => page.trimEnd(),
};
