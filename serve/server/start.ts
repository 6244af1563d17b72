/** @module The server's life: listening, loading, serving, replacing models, stopping without a failed request. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { HistoError, hasErrorCode, InputError } from "../../src/errors/index";
import {
  DEFAULT_ENGINE_OPTIONS,
  IMAGE_NAME_RULE,
  type ImageSource,
  Metrics,
  ModelRegistry,
  nameModels,
  openImages,
  openWeb,
  Problem,
  problemResponse,
  Service,
} from "../core/index";
import { type AppOptions, createApp } from "./app";
import { coalesced } from "./coalesce";
import { createLogger, type Logger } from "./logging";
import { SlideJobs, type SlideJobsOptions } from "./slides/index";
import { PooledModel, type WorkerOptions } from "./workers/index";

export interface ServerOptions
  extends Omit<AppOptions, "models" | "images" | "slides" | "metrics" | "web" | "onFault"> {
  /** Model directories of `histo export`; the first is the default model. */
  readonly models: readonly string[];
  /** A folder, a data set directory or `s3://bucket/prefix`. */
  readonly images?: string | undefined;
  /** Bounds for slides. */
  readonly slides?: SlideJobsOptions | undefined;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Worker processes for each model. */
  readonly workers?: number | undefined;
  readonly engine?: Partial<WorkerOptions> | undefined;
  /** Time for a request's headers, and for the whole request, to arrive, in milliseconds. */
  readonly headersTimeout?: number | undefined;
  readonly requestTimeout?: number | undefined;
  /** Time for requests under way when the server stops, in milliseconds. */
  readonly graceMs?: number | undefined;
  /** How long new connections are still answered after the stop was asked for, so that load balancers can notice. */
  readonly lingerMs?: number | undefined;
  /** Called when the port is open; models may still be loading. */
  readonly onListening?: ((url: string) => void) | undefined;
}

/** A server at work. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly service: Service;
  readonly models: ModelRegistry;
  /**
   * Loads the model directories again and puts each in the place of the one before, without a failed request. Calls while that
   * goes on lead to one more round after it; a server that stops takes no new model.
   */
  reload(): Promise<void>;
  /** Stops: not ready at once, requests under way are answered. */
  close(): Promise<void>;
}

/**
 * Starts the server and waits until every model is loaded and has given its golden answer.
 * @throws {InputError} when a model, the images or the port cannot be used
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const logger = options.logger ?? createLogger("silent");
  const metrics = new Metrics({ processMetrics: true });
  const registry = new ModelRegistry();
  const named = await nameModels(options.models);
  const images = options.images === undefined ? undefined : await openImages(options.images, imageLimits(options));
  if (images?.unlabelled) logger.warn(`The images have no labels: ${images.unlabelled}`);
  const unlisted = images?.unlisted ?? [];
  if (unlisted.length > 0) {
    const detail = `Images of the label table that cannot be asked for are not listed. Names are: ${IMAGE_NAME_RULE}`;
    logger.warn({ count: unlisted.length, example: unlisted[0] }, detail);
  }
  const slides = images && slideHost(images, new Map(named), options.slides);
  const serviceOptions = {
    ...options,
    models: registry,
    images,
    slides,
    metrics,
    web: await openWeb(),
    onFault: (error: unknown, requestId: string) => logger.error({ err: error, request_id: requestId }, "fault"),
  };
  const service = new Service(serviceOptions);
  const { headersTimeout = HEADERS_MS, requestTimeout = REQUEST_MS } = options;
  const server = createServer(
    { ...LIMITS, headersTimeout, requestTimeout },
    createApp({ ...serviceOptions, logger: options.logger }, service),
  );
  configure(server);
  const port = await listen(server, options);
  const url = `http://${urlHost(options.host ?? DEFAULT_HOST)}:${port}`;
  options.onListening?.(url);
  const start = (name: string, directory: string) => startModel(name, directory, options, metrics, logger);
  try {
    const models = await settled(named.map(([name, directory]) => start(name, directory)));
    for (const model of models) registry.set(model);
  } catch (error) {
    server.close();
    server.closeAllConnections();
    images?.close();
    throw error;
  }
  for (const { name, sha256 } of registry.all()) metrics.modelInfo.set({ model: name, sha256 }, 1);
  service.serve();
  logger.info({ url, models: registry.names() }, "serving");

  const isStopping = () => service.phase === "stopping";
  let reloading: Promise<void> | undefined;
  const reload = coalesced(() => {
    reloading = replaceAll();
    return reloading;
  });
  async function replaceAll(): Promise<void> {
    for (const [name, directory] of named) {
      if (isStopping()) return;
      const model = await start(name, directory);
      if (isStopping()) return model.close(0);
      const before = registry.get(name);
      registry.set(model);
      metrics.modelInfo.remove({ model: name, sha256: before.sha256 });
      metrics.modelInfo.set({ model: name, sha256: model.sha256 }, 1);
      logger.info({ model: name, sha256: model.sha256 }, "model replaced");
      await before.close();
    }
  }

  return {
    url,
    port,
    service,
    models: registry,
    reload,
    async close() {
      if (isStopping()) return;
      service.phase = "stopping";
      logger.info("stopping");
      await new Promise((resolve) => setTimeout(resolve, options.lingerMs ?? 0));
      await closeServer(server, options.graceMs ?? 10_000);
      // A model on its way in, or out, has workers too.
      await reloading?.catch(() => undefined);
      await Promise.all(registry.all().map((model) => model.close()));
      await slides?.close();
      images?.close();
    },
  };
}

/** Slides are files: a source without paths, such as a bucket, has none. */
function slideHost(
  images: ImageSource,
  models: ReadonlyMap<string, string>,
  options: SlideJobsOptions | undefined,
): SlideJobs | undefined {
  const { locate, slides } = images;
  return locate && slides
    ? new SlideJobs(images as ConstructorParameters<typeof SlideJobs>[0], models, options)
    : undefined;
}

const DEFAULT_HOST = "127.0.0.1";
/** Against senders that are slow on purpose, and headers without end. */
const LIMITS = { keepAliveTimeout: 65_000, maxHeaderSize: 16 * 1024, connectionsCheckingInterval: 500 };
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;

function configure(server: Server): void {
  server.maxHeadersCount = 100;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = CLIENT_ERRORS[error.code ?? ""] ?? "REQUEST_MALFORMED";
    const { status, headers, body } = problemResponse(new Problem(code));
    const lines = Object.entries({
      ...headers,
      "content-length": String(Buffer.byteLength(body)),
      connection: "close",
    });
    const head = [`HTTP/1.1 ${status} ${code}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

const CLIENT_ERRORS = {
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
} as Readonly<Record<string, "HEADERS_TOO_LARGE" | "REQUEST_TIMEOUT">>;

async function startModel(
  name: string,
  directory: string,
  { workers, engine }: ServerOptions,
  metrics: Metrics,
  logger: Logger,
): Promise<PooledModel> {
  const onLost = (reason: string) => {
    metrics.workerRestarts.inc({ model: name });
    logger.error({ model: name, reason }, "worker lost");
  };
  const model = await PooledModel.start(
    { name, directory, engine: { ...DEFAULT_ENGINE_OPTIONS, ...engine }, onLost },
    workers,
  );
  try {
    const golden = await model.verifyGolden();
    if (golden.status !== "failed") return model;
    throw new InputError(
      "MODEL_GOLDEN_FAILED",
      `${directory} does not give its golden answer (${golden.logit} where ${golden.expected} is right); export it again.`,
    );
  } catch (error) {
    await model.close(0);
    throw error;
  }
}

function imageLimits({ limits }: ServerOptions): { maxBytes?: number } {
  return limits?.bodyBytes === undefined ? {} : { maxBytes: limits.bodyBytes };
}

async function listen(server: Server, { port = 8080, host = DEFAULT_HOST }: ServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenProblem(error, host, port));
    });
    server.listen({ port, host }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

const NOT_OURS = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "EINVAL"];

/** Why the port cannot be opened, by the option that would have to change. */
function listenProblem(error: Error, host: string, port: number): Error {
  if (NOT_OURS.some((code) => hasErrorCode(error, code))) {
    return new InputError("HOST_UNAVAILABLE", `--host: ${host} is no address of this machine; 0.0.0.0 is for all.`);
  }
  const taken = hasErrorCode(error, "EADDRINUSE");
  if (!taken && !hasErrorCode(error, "EACCES")) return error;
  const reason = taken ? "is in use; choose another with --port" : "cannot be opened";
  return new InputError("PORT_UNAVAILABLE", `--port: ${host}:${port} ${reason}.`);
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Waits for every start, so that after a failure no worker is left behind. */
async function settled(starting: readonly Promise<PooledModel>[]): Promise<PooledModel[]> {
  const results = await Promise.allSettled(starting);
  const failed = results.find((result) => result.status === "rejected");
  const models = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (!failed) return models;
  await Promise.all(models.map((model) => model.close(0)));
  throw failed.reason instanceof Error ? failed.reason : new HistoError("MODEL_FAILED", String(failed.reason));
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(force);
  clearInterval(idle);
}
