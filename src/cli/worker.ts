/** @module `histo worker`: runs trials of searches, on any machine that sees their folder and their data set. */
import { InputError } from "../errors/index";
import type { WorkerSummary } from "../search/index";
import { type CommandDefinition, integer } from "./command";
import { redisAddress } from "./redis-address";

interface WorkerCommandOptions {
  redis?: string;
  workers: number;
  data?: string;
  lostAfter: number;
  idle?: number;
}

export const workerCommand: CommandDefinition<WorkerCommandOptions, WorkerSummary> = {
  configure: (command) =>
    command
      .option("--redis <url>", "address of Redis or Valkey, such as redis://127.0.0.1:6379 (default: REDIS_URL)")
      .option("--workers <n>", "trials at the same time, each in a process of its own", integer(1, 256), 1)
      .option("--data <dir>", "where this machine has the data set (default: where the search has it)")
      .option("--idle <s>", "end after so many seconds without a trial (default: never)", integer(1))
      .option("--lost-after <s>", "give a trial to another worker after so many silent seconds", integer(2), 30),
  async run({ redis, workers, data, lostAfter, idle }, { progress, signal }) {
    const address = redisAddress(redis);
    if (!address) {
      throw new InputError(
        "REDIS_URL_MISSING",
        "Say where Redis is: --redis redis://127.0.0.1:6379, or the variable REDIS_URL.",
      );
    }
    const { serveTrials } = await import("../search/queue/index.js");
    return serveTrials({ redis: address, workers, data, lostAfter, idle, progress, signal });
  },
  render: ({ finished, failed, givenBack }) => `${finished} trials finished, ${failed} failed, ${givenBack} given back`,
};
