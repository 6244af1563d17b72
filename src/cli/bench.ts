/** @module `histo bench NAME`: a measurement of this project beside a named peer, in the same run. */
import { type BenchmarkResult, benchmarks } from "../../bench/index";
import { InputError } from "../errors/index";
import type { CommandDefinition } from "./command";

export const benchCommand: CommandDefinition<{ readonly quick?: boolean }, BenchmarkResult> = {
  name: "bench",
  summary: `measure beside a peer: ${Object.keys(benchmarks).join(", ")}`,
  configure: (command) =>
    command.argument("<name>", "which benchmark").option("--quick", "a small version, to see that it works"),
  async run({ args: [name = ""], quick = false }, { progress, signal }) {
    const load = benchmarks[name];
    if (!load) {
      throw new InputError(
        "BENCH_UNKNOWN",
        `There is no benchmark ${name}; there are ${Object.keys(benchmarks).join(", ")}.`,
      );
    }
    return (await load()).run({ progress, signal, quick });
  },
  render: ({ name, ours, peer, ratio }) =>
    [
      name,
      ...Object.entries(ours).map(([what, value]) => `  ours    ${what}: ${shown(value)}`),
      ...Object.entries(peer).map(([what, value]) => `  peer    ${what}: ${shown(value)}`),
      `  ratio   ${ratio.toFixed(2)} (above 1: ours is better)`,
    ].join("\n"),
};

function shown(value: unknown): string {
  return typeof value === "number" ? value.toPrecision(4) : String(value);
}
