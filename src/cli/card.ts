/** @module `histo card`: prints a model's card. */
import { defineCommand } from "./command";

export const command = defineCommand({
  configure: (command) => command.argument("<dir>", "model directory of histo export"),
  async run(_, { args: [directory = ""] }) {
    const [{ cardPage }, { readModelDirectory }] = await Promise.all([
      import("../card-page/index.js"),
      import("../model-directory/index.js"),
    ]);
    const { card } = await readModelDirectory(directory);
    return { card, page: cardPage(card) };
  },
  render: ({ page }) => page.trimEnd(),
});
