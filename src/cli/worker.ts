/** @module `histo worker`: runs trials of searches, or predicts slides, on any machine with access to the shared folder. */
import * as z from "zod";
import { InputError } from "../errors/index";
import { option, whole } from "../options/index";
import { defineCommand } from "./command";

const workerSchema = z.strictObject({
  redis: option(z.string().optional(), "address of Redis or Valkey, such as redis://127.0.0.1:6379", {
    value: "url",
    environment: "REDIS_URL",
  }),
  slides: option(z.boolean().default(false), "work on slides (histo slide --redis) instead of trials"),
  workers: option(whole(1, 256).default(1), "trials (or slides) at the same time, each in its own process", {
    value: "n",
  }),
  data: option(z.string().optional(), "path of the data set on this machine", {
    value: "dir",
    usual: "the search's path",
  }),
  idle: option(whole(1).optional(), "exit after this many seconds without work", { value: "s", usual: "never" }),
  lostAfter: option(whole(2).default(30), "pass work to another worker after this many seconds of silence", {
    value: "s",
  }),
});

export const command = defineCommand({
  schema: workerSchema,
  async run({ redis, slides, ...work }, { progress, signal }) {
    if (!redis) {
      const message = "Give the address of Redis with --redis redis://127.0.0.1:6379 or the variable REDIS_URL.";
      throw new InputError("REDIS_URL_MISSING", message);
    }
    // Checks Redis before loading TensorFlow and the other modules.
    const { parseRedisUrl, requireRedis } = await import("../queue/index.js");
    await requireRedis(parseRedisUrl(redis));
    if (slides) {
      const { serveSlides } = await import("../slide/queue/index.js");
      return { slides, ...(await serveSlides({ redis, ...work, progress, signal })) };
    }
    const { serveTrials } = await import("../search/queue/index.js");
    return { slides, ...(await serveTrials({ redis, ...work, progress, signal })) };
  },
  render: ({ slides, finished, failed, givenBack }) =>
    `${finished} ${slides ? "slides" : "trials"} finished, ${failed} failed, ${givenBack} given back`,
});
