/** @module The Lambda function: the same service as the Express server, with its models in the function's own process. */
import { availableParallelism } from "node:os";
import { messageOf } from "../../src/errors/index";
import { DEFAULT_ENGINE_OPTIONS, Engine, ModelRegistry, nameModels, openImages, openWeb, Service } from "../core/index";
import { openNetwork } from "../core/predictor-network";
import { type HttpEvent, type HttpResult, requestOf, resultOf } from "./event";

/** Answers one event. */
export type Handler = (event: HttpEvent) => Promise<HttpResult>;

export interface LambdaOptions {
  /** Model directories, in the image or on EFS. */
  readonly models: readonly string[];
  readonly images?: string | undefined;
  readonly apiKeys?: readonly string[] | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
}

/** Reads `HISTO_MODEL`, `HISTO_IMAGE_SOURCE`, `HISTO_API_KEYS` and `HISTO_CORS_ORIGINS`; lists are separated by commas. */
export function optionsFromEnvironment(environment: NodeJS.ProcessEnv = process.env): LambdaOptions {
  const list = (name: string) => environment[name]?.split(",").filter(Boolean) ?? [];
  return {
    models: list("HISTO_MODEL"),
    images: environment.HISTO_IMAGE_SOURCE || undefined,
    apiKeys: list("HISTO_API_KEYS"),
    corsOrigins: list("HISTO_CORS_ORIGINS"),
  };
}

/** Loads the models and gives the function that answers events. @throws {InputError} when a model cannot be loaded */
export async function createHandler(options: LambdaOptions): Promise<Handler> {
  const registry = new ModelRegistry();
  const engineOptions = { ...DEFAULT_ENGINE_OPTIONS, decoders: availableParallelism() };
  const [images, web] = await Promise.all([options.images ? openImages(options.images) : undefined, openWeb()]);
  for (const [name, directory] of await nameModels(options.models)) {
    registry.set(new Engine(name, await openNetwork(directory), engineOptions));
  }
  const onFault = (error: unknown, requestId: string) =>
    log("fault", { request_id: requestId, error: messageOf(error) });
  const { apiKeys, corsOrigins } = options;
  const service = new Service({ models: registry, images, web, apiKeys, corsOrigins, onFault });
  service.serve();
  return async (event) => {
    const started = performance.now();
    let request: ReturnType<typeof requestOf>;
    try {
      request = requestOf(event, new AbortController().signal);
    } catch (error) {
      return resultOf(service.refuse(error, { id: "unknown", method: "GET", path: "/", headers: {} }), "GET");
    }
    const response = await service.handle(request);
    const { method, path, id } = request;
    log("request", { request_id: id, method, path, status: response.status, duration_ms: performance.now() - started });
    return resultOf(response, method);
  };
}

/** One line of JSON, which CloudWatch reads as it is. */
function log(message: string, fields: Readonly<Record<string, unknown>>): void {
  if (process.env.HISTO_LOG_LEVEL === "silent") return;
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg: message, ...fields })}\n`);
}

let shared: Promise<Handler> | undefined;

/** The function for runtimes that load a module and call its `handler`. Models are loaded with the first event. */
export async function handler(event: HttpEvent): Promise<HttpResult> {
  shared ??= createHandler(optionsFromEnvironment());
  return (await shared)(event);
}
