/** @module `histo serve`: the Express server with its models and its web page. */
import { apiKeysOf, endpointOf, originsOf, tokensOf } from "../../serve/core/settings";
import type { RunningServer } from "../../serve/server/index";
import { messageOf } from "../errors/index";
import { serveSchema } from "../options/index";
import type { CommandDefinition } from "./command";
import { addSchemaOptions, readOptions } from "./schema-options";

interface Flags {
  /** Not an option of the command line: when the cold start began, where the process did other things before. */
  readonly startedMs?: number;
}

interface Result {
  readonly url: string;
  readonly models: readonly string[];
  readonly seconds: number;
}

/** Requests per minute and client where the server can be reached from other machines. */
const PUBLIC_RATE_LIMIT = 6000;
const LOCAL_HOSTS = ["127.0.0.1", "::1", "localhost"];

export const serveCommand: CommandDefinition<Flags, Result> = {
  configure: (command) => addSchemaOptions(command, serveSchema),
  async run(flags, { progress, signal, json }) {
    const options = readOptions(flags, serveSchema);
    const started = performance.now();
    let server: RunningServer | undefined;
    let reloadAsked = false;
    const reload = () => {
      reloadAsked = true;
      server?.reload().catch((error: unknown) => progress.say(`Not replaced: ${messageOf(error)}`));
    };
    const { readCard } = await import("../model-directory/index.js");
    for (const directory of options.model) await readCard(directory); // before the server is loaded
    // From the start, because the signal would end a process that does not listen to it.
    process.on("SIGHUP", reload);
    try {
      const { collectLessOften, startServer, createLogger } = await import("../../serve/server/index.js");
      collectLessOften();
      server = await startServer({
        models: options.model,
        images: options.images,
        runs: options.runs,
        feedback: options.feedback,
        port: options.port,
        host: options.host,
        workers: options.workers,
        engine: {
          maxBatch: options.maxBatch,
          maxDelayMs: options.maxDelay,
          maxQueue: options.maxQueue,
          threads: options.threads,
          bitDepth: options.bitDepth,
        },
        rateLimit: options.rateLimit ?? (LOCAL_HOSTS.includes(options.host) ? 0 : PUBLIC_RATE_LIMIT),
        trustedProxies: options.trustProxy,
        corsOrigins: originsOf("--cors", options.cors),
        endpoint: options.endpoint && endpointOf("--endpoint", options.endpoint),
        startedMs: flags.startedMs,
        lingerMs: options.linger,
        apiKeys: apiKeysOf(options.apiKeys),
        tokens: tokensOf(options.oidcIssuer, options.oidcAudience),
        logger: createLogger(options.logLevel),
        onListening: (url) => progress.say(`Listening on ${url}; loading ${options.model.length} model(s)`),
      });
      const models = server.models.names();
      if (json) process.stdout.write(`${JSON.stringify({ url: server.url, models })}\n`);
      else process.stdout.write(`Serving ${models.join(", ")} at ${server.url} (Ctrl-C to stop)\n`);
      // What was asked for while the models were loading may concern one that was read before.
      if (reloadAsked) reload();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await server.close();
      return { url: server.url, models, seconds: (performance.now() - started) / 1000 };
    } finally {
      process.off("SIGHUP", reload);
    }
  },
  render: ({ seconds }) => `Stopped after ${seconds.toFixed(0)} s`,
};
