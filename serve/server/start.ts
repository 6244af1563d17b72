/** @module Starts the server: listens, loads the models, serves, and stops without a failed request. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  checkFeedback,
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
  readonly slides?: SlideJobsOptions | undefined;
  readonly workers?: number | undefined;
  readonly engine?: Partial<WorkerOptions> | undefined;
  /** Time to answer new connections after the stop, so that load balancers notice it, in milliseconds. */
  readonly lingerMs?: number | undefined;
  /** Called when the port is open, before the models are loaded. */
  readonly onListening?: ((url: string) => void) | undefined;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly service: Service;
  readonly models: ModelRegistry;
  /** Replaces the models, see {@link ServedModels.reload}; does nothing while the server stops. */
  reload(): Promise<void>;
  /** Stops: is not ready at once, and answers open requests. */
  close(): Promise<void>;
}

/**
 * Starts the server and waits until every model is loaded and its golden answer checked.
 * @throws {InputError} if a model, the images, the file for feedback or the port cannot be used
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { workers, engine, lingerMs = 0, logger = createLogger("silent") } = options;
  const metrics = new Metrics({ processMetrics: true });
  const registry = new ModelRegistry();
  const named = await nameModels(options.models);
  if (options.feedback !== undefined) await checkFeedback(options.feedback);
  const images = await openSource(options, logger);
  const slides = images && slideJobs(images, new Map(named), { bitDepth: engine?.bitDepth, ...options.slides });
  const onFault = (error: unknown, id: string) => logger.error({ err: error, request_id: id }, "fault");
  const web = await openWeb();
  const service = new Service({ ...options, models: registry, images, slides, metrics, web, onFault });
  const listener = await listen(createApp(service, options), options);
  options.onListening?.(listener.url);
  // No request takes longer, so that none is cut off when its model is replaced or the server stops.
  const graceMs = service.limits.deadlineMs;
  const models = new ServedModels({ named, registry, metrics, logger, workers, engine, graceMs });
  try {
    await models.load();
  } catch (error) {
    await listener.close(0);
    images?.close();
    throw error;
  }
  service.serve();
  logger.info({ url: listener.url, models: registry.names() }, "serving");

  let closing: Promise<void> | undefined;
  async function stop(): Promise<void> {
    service.phase = "stopping";
    models.stopReloading();
    logger.info("stopping");
    await sleep(lingerMs);
    await listener.close(graceMs);
    await models.close();
    await slides?.close();
    images?.close();
  }

  return {
    url: listener.url,
    port: listener.port,
    service,
    models: registry,
    reload: models.reload,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** Opens the images and warns of missing labels and unusable names. */
async function openSource({ images, limits }: ServerOptions, logger: Logger): Promise<ImageSource | undefined> {
  if (images === undefined) return undefined;
  const source = await openImages(images, { maxBytes: limits?.bodyBytes });
  if (source.unlabelled) logger.warn(`The images have no labels: ${source.unlabelled}`);
  const { unlisted = [] } = source;
  if (unlisted.length > 0) {
    const detail = `Images of the label table whose names cannot be requested are not listed. Names are: ${IMAGE_NAME_RULE}`;
    logger.warn({ count: unlisted.length, example: unlisted[0] }, detail);
  }
  return source;
}

/** Slides must be files: undefined for a source without paths, such as a bucket. */
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
