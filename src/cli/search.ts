/** @module `histo search`: looks for a good architecture and good settings. */
import { basename, join, resolve } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import { decimal } from "../progress/index";
import type { SamplerName, SearchResult } from "../search/index";
import { type CommandDefinition, integer, oneOf } from "./command";
import { addDataOptions, addFoldOptions, type DataOptions, datasetOptions } from "./data-options";
import { redisAddress } from "./redis-address";
import { textTable } from "./text-table";
import { addTrackingOptions, type TrackingCommandOptions } from "./tracking-options";

interface SearchCommandOptions extends DataOptions, TrackingCommandOptions {
  space: string;
  run?: string;
  trials: number;
  workers?: number;
  redis?: string | false;
  confirm?: number;
  objective: string;
  sampler: SamplerName;
  halving?: boolean;
  minEpochs?: number;
  reduction?: number;
  size?: number;
  epochs?: number;
  keepBest: number;
  seed: number;
}

export const searchCommand: CommandDefinition<SearchCommandOptions, SearchResult> = {
  name: "search",
  summary: "search for an architecture; the same command again goes on where it was stopped",
  configure: (command) =>
    addTrackingOptions(
      addFoldOptions(addDataOptions(command))
        .requiredOption("--space <file>", "YAML file with the space, or a preset: mlp, pixels, small")
        .option("--trials <n>", "trials in all", integer(1, 100_000), 20)
        .option(
          "--workers <n>",
          "processes that run trials (default 1), or trials in the queue (default: as many as workers)",
          integer(1, 256),
        )
        .option("--redis <url>", "hand the trials to the workers (histo worker) at this Redis (default: REDIS_URL)")
        .option("--no-redis", "run the trials on this machine, whatever REDIS_URL says")
        .option("--run <dir>", "directory of the search (default: runs/search-SPACE-DATA)")
        .option("--objective <metric>", "validation metric to make best, such as rocAuc or loss", "rocAuc")
        .option("--sampler <name>", "tpe, random or grid", oneOf("tpe", "random", "grid"), "tpe")
        .option("--halving", "stop poor trials early (asynchronous successive halving)")
        .option("--min-epochs <n>", "with --halving: epochs that every trial gets (default 1)", integer(1))
        .option("--reduction <n>", "with --halving: one in so many goes on (default 3)", integer(2))
        .option("--size <px>", "edge length of the model's input, for all trials", integer(1, 16384))
        .option("--epochs <n>", "passes over the training set, for all trials", integer(1))
        .option("--keep-best <k>", "how many of the best trials keep their weights", integer(1), 3)
        .option(
          "--confirm <n>",
          "train the best n of a search in the subspace again on pixels; 0 for none (default 3)",
          integer(0, 1000),
        )
        .option("--seed <n>", "fixes everything random", integer(0), 0),
    ),
  async run(options, { progress, signal }) {
    const { readSpace, runSearch, searchesSubspace } = await import("../search/index.js");
    const { data, trials, workers, objective, sampler, seed, keepBest, track, experiment } = options;
    const { size, epochs, halving, minEpochs, reduction } = options;
    if (!halving && (minEpochs ?? reduction) !== undefined) {
      throw new InputError("OPTION_UNUSED", "--min-epochs and --reduction need --halving.");
    }
    const { name, space } = await readSpace(options.space);
    const given = Object.entries({ size, epochs }).filter(([, value]) => value !== undefined);
    const searched = Object.entries(space.searched).filter(([key]) => !given.some(([other]) => other === key));
    return runSearch({
      data,
      dataset: datasetOptions(options),
      space: { fixed: { ...space.fixed, ...Object.fromEntries(given) }, searched: Object.fromEntries(searched) },
      run: options.run ?? join(projectRoot(), "runs", `search-${name}-${basename(resolve(data))}`),
      halving: halving ? { minimumEpochs: minEpochs ?? 1, reduction: reduction ?? 3 } : false,
      track: track && { experiment },
      redis: redisAddress(options.redis),
      confirm: options.confirm ?? (searchesSubspace(space) ? 3 : 0),
      ...{ trials, workers, objective, sampler, seed, keepBest, progress, signal },
    });
  },
  render: (result) => [leaderboardTable(result), ...summary(result)].join("\n"),
};

function leaderboardTable({ leaderboard, objective }: SearchResult): string {
  const keys = [...new Set(leaderboard.flatMap(({ settings }) => Object.keys(settings)))];
  const onPixels = leaderboard.some(({ confirmed }) => confirmed);
  return textTable(
    ["rank", "trial", objective, "95 % interval", ...(onPixels ? ["on pixels"] : []), "weights", "epochs", ...keys],
    leaderboard
      .slice(0, 20)
      .map(({ rank, trial, value, interval, confirmed, parameters, epochs, stoppedEarly, settings }) => [
        String(rank),
        String(trial),
        ...estimate(value, interval),
        ...(onPixels ? [confirmed ? estimate(confirmed.value, confirmed.interval).join(", ") : ""] : []),
        String(parameters),
        `${epochs}${stoppedEarly ? " (stopped)" : ""}`,
        ...keys.map((key) => shown(settings[key])),
      ]),
  );
}

function estimate(value: number, interval: readonly number[]): [string, string] {
  return [decimal(value, 4), interval.map((end) => decimal(end)).join(" to ")];
}

function summary(result: SearchResult): string[] {
  const { run, trials, finished, failed, stoppedEarly, best, smallest, bestOnPixels, runUrl } = result;
  return [
    "",
    `${finished} of ${trials} trials finished (${stoppedEarly} stopped early), ${failed} failed`,
    ...(best ? [`Best      ${join(run, best.run)} (${best.architecture})`] : []),
    ...(smallest && smallest !== best
      ? [`Smallest  ${join(run, smallest.run)} (${smallest.architecture}): its interval reaches the best value`]
      : []),
    ...(bestOnPixels?.confirmed
      ? [`On pixels ${join(run, bestOnPixels.confirmed.run)} (${bestOnPixels.architecture}, rank ${bestOnPixels.rank})`]
      : []),
    `Table     ${join(run, "leaderboard.csv")}`,
    ...(runUrl ? [`MLflow    ${runUrl}`] : []),
  ];
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(3)));
  return Array.isArray(value) ? value.join("-") : String(value ?? "");
}
