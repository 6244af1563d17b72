/** @module `histo data synth`: draws a synthetic data set in MHIST's layout. */
import * as z from "zod";
import type { SyntheticSummary } from "../dataset/synthetic/index";
import { counted } from "../format/index";
import { option, whole } from "../options/index";
import type { CommandDefinition } from "./command";

const synthSchema = z.strictObject({
  out: option(z.string(), "directory to create", { value: "dir" }),
  images: option(whole(20, 100_000).default(600), "number of tiles", { value: "n" }),
  size: option(whole(16, 2048).default(224), "edge length of a tile in pixels", { value: "px" }),
  seed: option(whole(0).default(0), "the same seed gives the same bytes", { value: "n" }),
});

export const command: CommandDefinition<typeof synthSchema, SyntheticSummary> = {
  schema: synthSchema,
  async run(options, { progress, signal }) {
    const { writeSyntheticDataset } = await import("../dataset/synthetic/index.js");
    return writeSyntheticDataset({ ...options, progress, signal });
  },
  render: ({ out, images, size, classes }) => {
    const counts = Object.entries(classes).map(([name, { train, test }]) => `${name} ${train} train + ${test} test`);
    return `${counted(images, "tile")} of ${size}x${size} in ${out}: ${counts.join(", ")}.`;
  },
};
