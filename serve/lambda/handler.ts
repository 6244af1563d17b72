/** @module The Lambda function: the same service as the Express server, with models in the function's process. */
import type { FunctionResult } from "../../src/deployment/index";
import { messageOf } from "../../src/errors/index";
import { usableProcessors } from "../../src/machine/index";
import {
  apiKeysOf,
  bitDepthOf,
  DEFAULT_ENGINE_OPTIONS,
  Engine,
  listOf,
  ModelRegistry,
  nameModels,
  openImages,
  openWeb,
  originsOf,
  Problem,
  Service,
  type ServiceRequest,
  type TokenIssuer,
  tokensOf,
} from "../core/index";
import { openBackend } from "../core/predictor-backend";
import { type HttpEvent, requestOf, resultOf } from "./event";

/** Handles an event within the remaining milliseconds of the function; without them, within the service's own limit. */
export type Handler = (event: HttpEvent, remainingMs?: number) => Promise<FunctionResult>;

/**
 * Lambda's limit is 6 MB of JSON, with binary bodies in base64: 4.5 MB of images, minus some room for the rest.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const PAYLOAD_BYTES = 6 * 2 ** 20;
const LIMITS = { bodyBytes: 4_600_000, batchBytes: 4_600_000 };
/** Time reserved for sending the response. */
const SENDING_MS = 300;

interface LambdaOptions {
  /** Model directories, in the image or on EFS. */
  readonly models: readonly string[];
  readonly images?: string | undefined;
  readonly apiKeys?: readonly string[] | undefined;
  readonly tokens?: TokenIssuer | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /** Bits that the values of 16-bit images use; overrides the models' cards. */
  readonly bitDepth?: number | undefined;
}

/**
 * Reads `HISTO_MODEL`, `HISTO_IMAGE_SOURCE`, `HISTO_API_KEYS`, `HISTO_OIDC_ISSUER`, `HISTO_OIDC_AUDIENCE`, `HISTO_CORS_ORIGINS` and
 * `HISTO_BIT_DEPTH`; lists are separated by commas.
 * @throws {InputError} `API_KEYS_EMPTY`, `ORIGIN_INVALID`, `BIT_DEPTH_INVALID`
 */
export function optionsFromEnvironment(environment: NodeJS.ProcessEnv = process.env): LambdaOptions {
  return {
    models: listOf(environment.HISTO_MODEL),
    images: environment.HISTO_IMAGE_SOURCE || undefined,
    apiKeys: apiKeysOf(environment.HISTO_API_KEYS),
    tokens: tokensOf(environment.HISTO_OIDC_ISSUER, environment.HISTO_OIDC_AUDIENCE),
    corsOrigins: originsOf("HISTO_CORS_ORIGINS", environment.HISTO_CORS_ORIGINS),
    bitDepth: bitDepthOf("HISTO_BIT_DEPTH", environment.HISTO_BIT_DEPTH),
  };
}

/** Loads the models and returns the function that handles events. @throws {InputError} if a model cannot be loaded */
export async function createHandler(options: LambdaOptions): Promise<Handler> {
  const registry = new ModelRegistry();
  const engineOptions = { ...DEFAULT_ENGINE_OPTIONS, decoders: usableProcessors() };
  const [images, web] = await Promise.all([options.images ? openImages(options.images) : undefined, openWeb()]);
  for (const [name, directory] of await nameModels(options.models)) {
    registry.set(new Engine(name, await openBackend(directory, { bitDepth: options.bitDepth }), engineOptions));
  }
  const onFault = (error: unknown, requestId: string) =>
    log("fault", { request_id: requestId, error: messageOf(error) });
  const { apiKeys, tokens, corsOrigins } = options;
  const service = new Service({ models: registry, images, web, apiKeys, tokens, corsOrigins, onFault, limits: LIMITS });
  service.serve();
  return async (event, remainingMs) => {
    const started = performance.now();
    const { signal } = new AbortController();
    let request: ServiceRequest;
    try {
      request = requestOf(event, signal);
    } catch (error) {
      return resultOf(await service.refuse(error, requestOf(NO_REQUEST, signal)), "GET");
    }
    const deadlineMs = remainingMs === undefined ? undefined : Math.max(0, remainingMs - SENDING_MS);
    const response = await service.handle({ ...request, deadlineMs });
    const { method, path, id } = request;
    log("request", { request_id: id, method, path, status: response.status, duration_ms: performance.now() - started });
    const result = resultOf(response, method);
    if (fits(result)) return result;
    return resultOf(await service.refuse(new Problem("IMAGE_TOO_LARGE", TOO_LARGE), request), method);
  };
}

const NO_REQUEST: HttpEvent = {
  version: "2.0",
  rawPath: "/",
  requestContext: { requestId: "unknown", http: { method: "GET" } },
};

const TOO_LARGE = "A Lambda function cannot send a response of more than 6 MB; request a thumbnail.";

/** Checks the limit, beyond which Lambda itself would report a fault. Only large images can exceed it. */
function fits(result: FunctionResult): boolean {
  return result.body.length < PAYLOAD_BYTES / 4 || Buffer.byteLength(JSON.stringify(result)) <= PAYLOAD_BYTES;
}

/** Writes one line of JSON, which CloudWatch can parse. */
function log(message: string, fields: Readonly<Record<string, unknown>>): void {
  if (process.env.HISTO_LOG_LEVEL === "silent") return;
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg: message, ...fields })}\n`);
}

let shared: Promise<Handler> | undefined;

/**
 * The function for runtimes that load a module and call its `handler`. The first event loads the models; if that fails, the next event
 * tries again.
 */
export async function handler(
  event: HttpEvent,
  context?: { readonly getRemainingTimeInMillis?: () => number },
): Promise<FunctionResult> {
  shared ??= createHandler(optionsFromEnvironment()).catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return (await shared)(event, context?.getRemainingTimeInMillis?.());
}
