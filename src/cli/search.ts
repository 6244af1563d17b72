/** @module `histo search`: searches for a good architecture and hyperparameters. */
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import { mustBeDataFolder } from "../dataset/labels/index";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import { bounds, counted, plainDecimal, textTable } from "../format/index";
import { option, whole } from "../options/index";
import type { SearchResult } from "../search/index";
import { defineCommand } from "./command";
import { datasetChoice } from "./data";
import { trackingOptions } from "./mlflow";

const searchSchema = z.strictObject({
  ...datasetChoice.shape,
  space: option(z.string(), "YAML file with the space, or a preset: mlp, pixels, small", { value: "file" }),
  trials: option(whole(1, 100_000).default(20), "trials in all", { value: "n" }),
  workers: option(whole(1, 256).optional(), "processes that run trials, or number of trials in the queue", {
    value: "n",
    usual: "1; of a queue, as many as workers",
  }),
  run: option(z.string().optional(), "directory of the search", { value: "dir", usual: "runs/search-SPACE-DATA" }),
  objective: option(z.string().default("rocAuc"), "validation metric to optimize, such as rocAuc or loss", {
    value: "metric",
  }),
  sampler: option(z.enum(["tpe", "random", "grid"]).default("tpe"), "how trials are chosen", { value: "name" }),
  halving: option(z.boolean().default(false), "stop poor trials early (asynchronous successive halving)"),
  minEpochs: option(whole(1).optional(), "with --halving: epochs of every trial", { value: "n", usual: "1" }),
  reduction: option(whole(2).optional(), "with --halving: one in this many trials continues", {
    value: "n",
    usual: "3",
  }),
  size: option(whole(1, 16384).optional(), "edge length of the model's input, for all trials", { value: "px" }),
  epochs: option(whole(1).optional(), "passes over the training set, for all trials", { value: "n" }),
  keepBest: option(whole(1).default(3), "number of best trials whose weights are kept", { value: "k" }),
  confirm: option(whole(0, 1000).optional(), "retrain the best n trials of a subspace search on pixels; 0 for none", {
    value: "n",
    usual: "3",
  }),
  seed: option(whole(0).default(0), "random seed", { value: "n" }),
  redis: option(z.string().optional(), "distribute the trials to workers (histo worker) through this Redis", {
    value: "url",
    environment: "REDIS_URL",
    negation: "run the trials on this machine, even if REDIS_URL is set",
  }),
  ...trackingOptions,
});

export const command = defineCommand({
  schema: searchSchema,
  async run(options, { progress, signal }) {
    const { data, trials, workers, objective, sampler, seed, keepBest, track, experiment } = options;
    const { dataset, size, epochs, halving, minEpochs, reduction } = options;
    if (!halving && (minEpochs ?? reduction) !== undefined) {
      throw new InputError("OPTION_UNUSED", "--min-epochs and --reduction need --halving.");
    }
    await mustBeDataFolder(data);
    const { readSpace, runSearch, searchesSubspace } = await import("../search/index.js");
    const { name, space } = await readSpace(options.space);
    const given = Object.entries({ size, epochs }).filter(([, value]) => value !== undefined);
    const searched = Object.entries(space.searched).filter(([key]) => !given.some(([other]) => other === key));
    return runSearch({
      data,
      dataset,
      space: { fixed: { ...space.fixed, ...Object.fromEntries(given) }, searched: Object.fromEntries(searched) },
      run: options.run ?? join(projectRoot(), "runs", `search-${name}-${basename(resolve(data))}`),
      halving: halving ? { minimumEpochs: minEpochs ?? 1, reduction: reduction ?? 3 } : false,
      track: track && { experiment },
      redis: options.redis || undefined,
      confirm: options.confirm ?? (searchesSubspace(space) ? 3 : 0),
      ...{ trials, workers, objective, sampler, seed, keepBest, progress, signal },
    });
  },
  render: (result) => [leaderboardTable(result), ...summary(result)].join("\n"),
});

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
        ...(onPixels
          ? [confirmed ? estimate(confirmed.value, confirmed.interval).filter(Boolean).join(", ") : ""]
          : []),
        String(parameters),
        `${epochs}${stoppedEarly ? " (stopped)" : ""}`,
        ...keys.map((key) => shown(settings[key])),
      ]),
  );
}

function estimate(value: number, interval: readonly number[]): [string, string] {
  return [plainDecimal(value, 4), bounds(interval)];
}

function summary(result: SearchResult): string[] {
  const { run, trials, finished, failed, stoppedEarly, best, smallest, bestOnPixels, runUrl } = result;
  return [
    "",
    `${finished} of ${counted(trials, "trial")} finished (${stoppedEarly} stopped early), ${failed} failed`,
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
