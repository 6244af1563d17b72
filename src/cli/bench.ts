/** @module `histo bench NAME`: measures this project and a named peer in the same run. */
import * as z from "zod";
import { between, option } from "../options/index";
import { defineCommand } from "./command";

const benchSchema = z.strictObject({
  quick: option(z.boolean().default(false), "run a small version to check that it works"),
  minutes: option(between(4, 24 * 60).optional(), "duration of soak", { value: "n", usual: "7" }),
  cpus: option(between(0.05, 1024).optional(), "cores that soak's container may use", { value: "n", usual: "all" }),
});

export const command = defineCommand({
  schema: benchSchema,
  configure: (command) => command.argument("<name>", "which benchmark"),
  async run(options, { args: [name = ""], progress, signal }) {
    const { runBenchmark } = await import("../../bench/run.js");
    return runBenchmark(name, { ...options, progress, signal });
  },
  render: ({ name, ours, peer, ratio, processor, instructionSet, instructionLimit, partial }) =>
    [
      `${name} on ${processor}, ${instructionSet}${instructionLimit ? " (limited to it)" : ""}`,
      ...(partial ? [`  ${partial.state}: ${partial.done.join(", ") || "after everything was measured"}`] : []),
      ...lines(ours).map((line) => `  ours    ${line}`),
      ...lines(peer).map((line) => `  peer    ${line}`),
      `  ratio   ${ratio.toFixed(2)} (above 1: ours is better)`,
    ].join("\n"),
});

/** One line for each value; values of inner objects have the names of both. */
function lines(values: object, prefix = ""): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const what = `${prefix}${key}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return lines(value, `${what}.`);
    return [`${what}: ${shown(value)}`];
  });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return String(typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value);
}
