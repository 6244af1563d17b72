/** @module `histo worker`: runs trials of searches, or predicts slides, on any machine that sees the shared folder. */
import { InputError } from "../errors/index";
import type { WorkerSummary } from "../search/index";
import { type CommandDefinition, integer } from "./command";
import { redisAddress } from "./redis-address";

interface WorkerCommandOptions {
  redis?: string;
  slides?: boolean;
  workers: number;
  data?: string;
  lostAfter: number;
  idle?: number;
}

export const workerCommand: CommandDefinition<WorkerCommandOptions, WorkerSummary & { readonly slides: boolean }> = {
  configure: (command) =>
    command
      .option("--redis <url>", "address of Redis or Valkey, such as redis://127.0.0.1:6379 (default: REDIS_URL)")
      .option("--slides", "take slides of histo slide --redis instead of trials")
      .option("--workers <n>", "trials (or slides) at the same time, each in a process of its own", integer(1, 256), 1)
      .option("--data <dir>", "where this machine has the data set (default: where the search has it)")
      .option("--idle <s>", "end after so many seconds without work (default: never)", integer(1))
      .option("--lost-after <s>", "give work to another worker after so many silent seconds", integer(2), 30),
  async run({ redis, slides = false, workers, data, lostAfter, idle }, { progress, signal }) {
    const address = redisAddress(redis);
    if (!address) {
      throw new InputError(
        "REDIS_URL_MISSING",
        "Say where Redis is: --redis redis://127.0.0.1:6379, or the variable REDIS_URL.",
      );
    }
    if (slides) {
      const { serveSlides } = await import("../slide/queue/index.js");
      return { slides, ...(await serveSlides({ redis: address, workers, lostAfter, idle, progress, signal })) };
    }
    const { serveTrials } = await import("../search/queue/index.js");
    return { slides, ...(await serveTrials({ redis: address, workers, data, lostAfter, idle, progress, signal })) };
  },
  render: ({ slides, finished, failed, givenBack }) =>
    `${finished} ${slides ? "slides" : "trials"} finished, ${failed} failed, ${givenBack} given back`,
};
