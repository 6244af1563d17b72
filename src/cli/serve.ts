/** @module `histo serve`: the Express server with its models and its web page. */
import { Option } from "commander";
import { apiKeysOf, endpointOf, listOf, originsOf, tokensOf } from "../../serve/core/settings";
import type { RunningServer } from "../../serve/server/index";
import { messageOf } from "../errors/index";
import { type CommandDefinition, integer, oneOf } from "./command";
import { bitDepth, MODEL_BIT_DEPTH_HELP } from "./data-options";

interface Options {
  readonly model: readonly string[];
  readonly images?: string;
  readonly runs: string;
  readonly port: number;
  readonly host: string;
  readonly workers: number;
  readonly threads?: number;
  readonly bitDepth?: number;
  readonly maxBatch: number;
  readonly maxDelay: number;
  readonly maxQueue: number;
  readonly rateLimit?: number;
  readonly trustProxy: number;
  readonly cors?: string;
  readonly endpoint?: string;
  /** Not an option of the command line: when the cold start began, where the process did other things before. */
  readonly startedMs?: number;
  readonly linger: number;
  readonly logLevel: string;
}

interface Result {
  readonly url: string;
  readonly models: readonly string[];
  readonly seconds: number;
}

/** Requests per minute and client where the server can be reached from other machines. */
const PUBLIC_RATE_LIMIT = 6000;
const LOCAL_HOSTS = ["127.0.0.1", "::1", "localhost"];

export const serveCommand: CommandDefinition<Options, Result> = {
  configure: (command) =>
    command
      .addOption(
        new Option(
          "--model <dirs>",
          "model directories of histo export, separated by commas or each with its own --model",
        )
          .env("HISTO_MODEL")
          .argParser<readonly string[]>((text, before) => [...(before ?? []), ...listOf(text)])
          .makeOptionMandatory(),
      )
      .addOption(
        new Option("--images <place>", "folder, data set directory or s3://bucket/prefix to look images up in").env(
          "HISTO_IMAGE_SOURCE",
        ),
      )
      .option("--runs <dir>", "folder of the runs that models came from, for the page's curves", "runs")
      .option("--port <n>", "port to listen on, 0 for a free one", integer(0, 65535), 8080)
      .option("--host <address>", "address to listen on; 0.0.0.0 for all", "127.0.0.1")
      .option("--workers <n>", "processes for each model", integer(1, 64), 1)
      .option(
        "--threads <n>",
        "threads of the network in each process (default: the cores, at most 8)",
        integer(1, 1024),
      )
      .option("--bit-depth <n>", MODEL_BIT_DEPTH_HELP, bitDepth)
      .option("--max-batch <n>", "most images in one run of the network", integer(1, 1024), 16)
      .option("--max-delay <ms>", "longest wait for further images of a batch", integer(0, 1000), 8)
      .option("--max-queue <n>", "requests that may wait for each process; more get 503", integer(1, 100_000), 256)
      .option(
        "--rate-limit <n>",
        "requests per minute and client, 0 for no limit (default: 0 locally, else 6000)",
        integer(0),
      )
      .option("--trust-proxy <n>", "number of proxies in front that say the client's address", integer(0, 10), 0)
      .option("--cors <origins>", "origins whose pages may call the server, separated by commas")
      .option("--endpoint <url>", "a second deployment, such as a Lambda endpoint, that the page offers too")
      .option(
        "--linger <ms>",
        "after SIGTERM, go on answering this long before closing the port",
        integer(0, 600_000),
        0,
      )
      .option("--log-level <level>", "least level to log", oneOf("debug", "info", "warn", "error", "silent"), "info"),
  async run(options, { progress, signal, json }) {
    const started = performance.now();
    let server: RunningServer | undefined;
    let reloadAsked = false;
    const reload = () => {
      reloadAsked = true;
      server?.reload().catch((error: unknown) => progress.say(`Not replaced: ${messageOf(error)}`));
    };
    // From the start, because the signal would end a process that does not listen to it.
    process.on("SIGHUP", reload);
    try {
      const { collectLessOften, startServer, createLogger } = await import("../../serve/server/index.js");
      collectLessOften();
      server = await startServer({
        models: options.model,
        images: options.images,
        runs: options.runs,
        port: options.port,
        host: options.host,
        workers: options.workers,
        engine: {
          maxBatch: options.maxBatch,
          maxDelayMs: options.maxDelay,
          maxQueue: options.maxQueue,
          ...(options.threads === undefined ? {} : { threads: options.threads }),
          bitDepth: options.bitDepth,
        },
        rateLimit: options.rateLimit ?? (LOCAL_HOSTS.includes(options.host) ? 0 : PUBLIC_RATE_LIMIT),
        trustedProxies: options.trustProxy,
        corsOrigins: originsOf("--cors", options.cors),
        endpoint: options.endpoint && endpointOf("--endpoint", options.endpoint),
        startedMs: options.startedMs,
        lingerMs: options.linger,
        apiKeys: apiKeysOf(process.env.HISTO_API_KEYS),
        tokens: tokensOf(process.env.HISTO_OIDC_ISSUER, process.env.HISTO_OIDC_AUDIENCE),
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
