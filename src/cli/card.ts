/** @module `histo card`: what a model is, what it was trained on, what it reaches and where it ends. */
import type { ModelCard } from "../model-directory/index";
import type { CommandDefinition } from "./command";

interface Options {
  readonly args: readonly string[];
}

type Result = { readonly card: ModelCard; readonly page: string };

export const cardCommand: CommandDefinition<Options, Result> = {
  configure: (command) => command.argument("<dir>", "model directory of histo export"),
  async run({ args: [directory = ""] }) {
    const { cardPage, readModelDirectory } = await import("../model-directory/index.js");
    const { card } = await readModelDirectory(directory);
    return { card, page: cardPage(card) };
  },
  render: ({ page }) => page.trimEnd(),
};
