/** @module `histo data synth`: a synthetic data set in MHIST's layout. */
import type { SyntheticSummary } from "../dataset/synthetic/index";
import { type CommandDefinition, integer } from "./command";

interface Options {
  readonly out: string;
  readonly images: number;
  readonly size: number;
  readonly seed: number;
}

export const dataSynthCommand: CommandDefinition<Options, SyntheticSummary> = {
  configure: (command) =>
    command
      .requiredOption("--out <dir>", "directory to create")
      .option("--images <n>", "number of tiles", integer(20, 100_000), 600)
      .option("--size <px>", "edge length of a tile in pixels", integer(16, 2048), 224)
      .option("--seed <n>", "same seed, same bytes", integer(0), 0),
  async run({ out, images, size, seed }, { progress, signal }) {
    const { writeSyntheticDataset } = await import("../dataset/synthetic/index.js");
    return writeSyntheticDataset({ out, images, size, seed, progress, signal });
  },
  render: ({ out, images, size, classes }) => {
    const counts = Object.entries(classes).map(([name, { train, test }]) => `${name} ${train} train + ${test} test`);
    return `${images} tiles of ${size}x${size} in ${out}: ${counts.join(", ")}.`;
  },
};
