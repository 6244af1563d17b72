/** @module The server's life: listening, loading, serving, replacing models, stopping without a failed request. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  IMAGE_NAME_RULE,
  type ImageSource,
  Metrics,
  ModelRegistry,
  nameModels,
  openImages,
  openWeb,
  Service,
  type ServiceOptions,
} from "../core/index";
import { type AppOptions, createApp } from "./app";
import { type ListenOptions, listen } from "./listen";
import { createLogger, type Logger } from "./logging";
import { ServedModels } from "./served-models";
import { SlideJobs, type SlideJobsOptions } from "./slides/index";
import type { WorkerOptions } from "./workers/index";

export interface ServerOptions
  extends ListenOptions,
    AppOptions,
    Omit<ServiceOptions, "models" | "images" | "slides" | "metrics" | "web" | "onFault"> {
  /** Model directories of `histo export`; the first is the default model. */
  readonly models: readonly string[];
  /** A folder, a data set directory or `s3://bucket/prefix`. */
  readonly images?: string | undefined;
  /** Bounds for slides. */
  readonly slides?: SlideJobsOptions | undefined;
  /** Worker processes for each model. */
  readonly workers?: number | undefined;
  readonly engine?: Partial<WorkerOptions> | undefined;
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
  /** Replaces the models, see {@link ServedModels.reload}; a server that stops takes no new one. */
  reload(): Promise<void>;
  /** Stops: not ready at once, requests under way are answered. */
  close(): Promise<void>;
}

/**
 * Starts the server and waits until every model is loaded and has given its golden answer.
 * @throws {InputError} when a model, the images or the port cannot be used
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { workers, engine, graceMs = 10_000, lingerMs = 0, logger = createLogger("silent") } = options;
  const metrics = new Metrics({ processMetrics: true });
  const registry = new ModelRegistry();
  const named = await nameModels(options.models);
  const images = await openSource(options, logger);
  const slides = images && slideJobs(images, new Map(named), options.slides);
  const onFault = (error: unknown, id: string) => logger.error({ err: error, request_id: id }, "fault");
  const web = await openWeb();
  const service = new Service({ ...options, models: registry, images, slides, metrics, web, onFault });
  const listener = await listen(createApp(service, options), options);
  options.onListening?.(listener.url);
  const models = new ServedModels({ named, registry, metrics, logger, workers, engine });
  try {
    await models.load();
  } catch (error) {
    await listener.close(0);
    images?.close();
    throw error;
  }
  service.serve();
  logger.info({ url: listener.url, models: registry.names() }, "serving");

  return {
    url: listener.url,
    port: listener.port,
    service,
    models: registry,
    reload: models.reload,
    async close() {
      if (service.phase === "stopping") return;
      service.phase = "stopping";
      models.stopReloading();
      logger.info("stopping");
      await sleep(lingerMs);
      await listener.close(graceMs);
      await models.close();
      await slides?.close();
      images?.close();
    },
  };
}

/** Opens the images, and says what of them is not as one may think. */
async function openSource({ images, limits }: ServerOptions, logger: Logger): Promise<ImageSource | undefined> {
  if (images === undefined) return undefined;
  const source = await openImages(images, { maxBytes: limits?.bodyBytes });
  if (source.unlabelled) logger.warn(`The images have no labels: ${source.unlabelled}`);
  const { unlisted = [] } = source;
  if (unlisted.length > 0) {
    const detail = `Images of the label table that cannot be asked for are not listed. Names are: ${IMAGE_NAME_RULE}`;
    logger.warn({ count: unlisted.length, example: unlisted[0] }, detail);
  }
  return source;
}

/** Slides are files: a source without paths, such as a bucket, has none. */
function slideJobs(
  images: ImageSource,
  models: ReadonlyMap<string, string>,
  options: SlideJobsOptions | undefined,
): SlideJobs | undefined {
  const { locate, slides } = images;
  return locate && slides
    ? new SlideJobs(images as ConstructorParameters<typeof SlideJobs>[0], models, options)
    : undefined;
}
