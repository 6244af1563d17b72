/** @module `histo serve`: serves models over HTTP with Express, with a web page. */
import type * as z from "zod";
import { apiKeysOf, endpointOf, hostsOf, originsOf, tokensOf } from "../../serve/core/settings";
import type { RunningServer } from "../../serve/server/index";
import { messageOf } from "../errors/index";
import { counted, seconds } from "../format/index";
import { serveSchema } from "../options/index";
import { type CommandContext, defineCommand } from "./command";

/** Requests per minute and client if other machines can reach the server. */
const PUBLIC_RATE_LIMIT = 6000;
const LOCAL_HOSTS = ["127.0.0.1", "::1", "localhost"];

export const command = defineCommand({
  examples: [
    ["histo serve --model MODEL", "a page to drop tiles on, at http://127.0.0.1:8080"],
    ["histo serve --model A,B --images DIR", "two models to compare, and a gallery of the images in DIR"],
    ["histo serve --model MODEL --feedback labels.jsonl", "keep what people say of the answers"],
  ],
  schema: serveSchema,
  run: (options, context) => serve(options, context),
  render: (served) => `Stopped after ${seconds(served.seconds)}`,
});

/** Serves until the signal is aborted. @param startedMs start of the cold start, if the process did other things before */
export async function serve(
  options: z.output<typeof serveSchema>,
  { progress, signal, json }: CommandContext,
  startedMs?: number,
) {
  const started = performance.now();
  let server: RunningServer | undefined;
  let reloadAsked = false;
  const reload = () => {
    reloadAsked = true;
    server?.reload().catch((error: unknown) => progress.say(`Not replaced: ${messageOf(error)}`));
  };
  const { readCard } = await import("../model-directory/index.js");
  for (const directory of options.model) await readCard(directory); // before the server is loaded
  // Registered at once, because SIGHUP ends a process without a handler.
  process.on("SIGHUP", reload);
  try {
    const { collectLessOften, startServer, createLogger } = await import("../../serve/server/index.js");
    collectLessOften();
    const isLocal = LOCAL_HOSTS.includes(options.host);
    const [apiKeys, tokens] = [apiKeysOf(options.apiKeys), tokensOf(options.oidcIssuer, options.oidcAudience)];
    const isOpen = apiKeys.length === 0 && !tokens;
    const {
      model: models,
      images,
      runs,
      feedback,
      port,
      host,
      workers,
      maxBatch,
      maxQueue,
      threads,
      bitDepth,
    } = options;
    server = await startServer({
      ...{ models, images, runs, feedback, port, host, workers, startedMs, apiKeys, tokens },
      engine: { maxBatch, maxDelayMs: options.maxDelay, maxQueue, threads, bitDepth },
      rateLimit: options.rateLimit ?? (isLocal ? 0 : PUBLIC_RATE_LIMIT),
      trustedProxies: options.trustProxy,
      corsOrigins: originsOf("--cors", options.cors),
      allowedHosts:
        options.allowedHosts !== undefined || (isLocal && isOpen)
          ? hostsOf("--allowed-hosts", options.allowedHosts)
          : undefined,
      endpoint: options.endpoint && endpointOf("--endpoint", options.endpoint),
      lingerMs: options.linger,
      logger: createLogger(options.logLevel),
      onListening: (url) => progress.say(`Listening on ${url}; loading ${counted(options.model.length, "model")}`),
    });
    const names = server.models.names();
    if (json) process.stdout.write(`${JSON.stringify({ url: server.url, models: names })}\n`);
    else process.stdout.write(`Serving ${names.join(", ")} at ${server.url} (Ctrl-C to stop)\n`);
    // A reload requested during loading may concern a model that had been read already.
    if (reloadAsked) reload();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await server.close();
    return { url: server.url, models: names, seconds: (performance.now() - started) / 1000 };
  } finally {
    process.off("SIGHUP", reload);
  }
}
