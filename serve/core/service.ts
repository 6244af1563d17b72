/** @module The service itself: from a request to an answer, without any framework. Express and Lambda are thin around it. */
import { projectVersion } from "../../src/files/index";
import {
  Access,
  corsHeaders,
  Problem,
  preflight,
  problemResponse,
  RequestMemory,
  type ServiceRequest,
  type ServiceResponse,
  securityHeaders,
  type TokenIssuer,
} from "./http/index";
import type { ImageSource } from "./images/index";
import { Metrics } from "./metrics";
import type { ModelRegistry } from "./models/index";
import { findRoute, isServicePath, type Route, type SlideHost, type WebFiles } from "./routes/index";

/** What is accepted and for how long is worked on it. */
export interface ServiceLimits {
  /** Largest body of a request with one image, in bytes. */
  readonly bodyBytes: number;
  /** Largest body of a request with many images, in bytes. */
  readonly batchBytes: number;
  /** Most images in one request. */
  readonly batchItems: number;
  /** Time for an answer, in milliseconds. */
  readonly deadlineMs: number;
}

export const DEFAULT_LIMITS: ServiceLimits = {
  bodyBytes: 10 * 2 ** 20,
  batchBytes: 32 * 2 ** 20,
  batchItems: 64,
  deadlineMs: 30_000,
};

export interface ServiceOptions {
  readonly models: ModelRegistry;
  readonly images?: ImageSource | undefined;
  /** Where whole slides are predicted; none: this deployment does not. */
  readonly slides?: SlideHost | undefined;
  readonly limits?: Partial<ServiceLimits> | undefined;
  /** Memory for bodies and images by name of the requests under way; more get 503. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Keys of which a client must give one (`x-api-key` or `authorization: Bearer`); none: open to all. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Whose tokens a client may give instead of a key. */
  readonly tokens?: TokenIssuer | undefined;
  readonly version?: string | undefined;
  readonly metrics?: Metrics | undefined;
  /** Learns of every fault that is not the client's, with the request's id. */
  readonly onFault?: ((error: unknown, requestId: string) => void) | undefined;
  /** The web page; none: `/` is not found. */
  readonly web?: WebFiles | undefined;
  /** Address of a second deployment, such as a Lambda endpoint, that the page offers to ask instead of this one. */
  readonly endpoint?: string | undefined;
  /** Folder with the runs that models came from, for the page's curves. */
  readonly runs?: string | undefined;
  /** When its cold start began, as `performance.now()` said. Default 0: with the process. */
  readonly startedMs?: number | undefined;
  /** Origins whose pages may call this service; none by default. */
  readonly corsOrigins?: readonly string[] | undefined;
}

/** The answer to `OPTIONS *`: what the server as a whole understands. */
const ANY_METHOD: ServiceResponse = { status: 204, headers: { allow: "GET, HEAD, POST, OPTIONS" }, body: "" };

/** What is known of a request before its body is read. */
export type RequestHead = Pick<ServiceRequest, "id" | "method" | "path" | "headers">;

/** Where the service is in its life. */
type Phase = "starting" | "serving" | "stopping";

/** The service. */
export class Service {
  phase: Phase = "starting";
  /** Milliseconds from the start until the models were loaded; told once, with the first prediction. */
  private coldMs: number | undefined;
  readonly models: ModelRegistry;
  readonly images: ImageSource | undefined;
  readonly slides: SlideHost | undefined;
  private readonly access: Access;
  readonly limits: ServiceLimits;
  readonly metrics: Metrics;
  readonly memory: RequestMemory;
  readonly version: string;
  readonly endpoint: string | undefined;
  readonly runs: string | undefined;
  /** Parts of the page that depend on files beside it. */
  readonly pages: readonly string[];
  private readonly security: Readonly<Record<string, string>>;

  constructor(private readonly options: ServiceOptions) {
    this.models = options.models;
    this.images = options.images;
    this.slides = options.slides;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.metrics = options.metrics ?? new Metrics();
    this.memory = new RequestMemory(options.memoryBytes);
    this.version = options.version ?? projectVersion();
    this.endpoint = options.endpoint;
    this.runs = options.runs;
    this.pages = [
      ...(options.web?.has("/data/lambda-vs-ec2.json") ? ["deployments"] : []),
      ...(options.slides ? ["slides"] : []),
    ];
    this.access = new Access(options);
    this.security = securityHeaders(options.endpoint ? [new URL(options.endpoint).origin] : []);
  }

  /** The models are loaded: from here on the service is ready. */
  serve(): void {
    this.phase = "serving";
    this.coldMs = performance.now() - (this.options.startedMs ?? 0);
  }

  /** The time that {@link Service.coldMs} tells, the first time it is asked for. */
  takeColdMs(): number | undefined {
    const { coldMs } = this;
    this.coldMs = undefined;
    return coldMs;
  }

  /** Answers a request. Never rejects. */
  async handle(request: ServiceRequest): Promise<ServiceResponse> {
    const started = performance.now();
    this.metrics.inFlight.inc();
    const { label, response } = await this.dispatch(request);
    this.metrics.inFlight.dec();
    this.metrics.requests.inc({ route: label, method: methodLabel(request.method), status: response.status });
    this.metrics.requestSeconds.observe({ route: label }, (performance.now() - started) / 1000);
    return this.complete(response, request);
  }

  /** The answer to a request that was refused before its body was read. */
  refuse(error: unknown, request: RequestHead): ServiceResponse {
    const response = this.problem(error, request);
    this.metrics.requests.inc({ route: "refused", method: methodLabel(request.method), status: response.status });
    return this.complete(response, request);
  }

  /** Adds what every answer has. */
  private complete(response: ServiceResponse, request: RequestHead): ServiceResponse {
    return {
      ...response,
      headers: {
        ...this.security,
        ...corsHeaders(request, this.options.corsOrigins ?? []),
        ...response.headers,
        "x-request-id": request.id,
      },
    };
  }

  private async dispatch(request: ServiceRequest): Promise<{ label: string; response: ServiceResponse }> {
    let label = "none";
    try {
      const asked = preflight(request, this.options.corsOrigins ?? []);
      if (asked) return { label: "preflight", response: asked };
      if (request.method === "OPTIONS" && request.path === "*") return { label: "options", response: ANY_METHOD };
      const page = isServicePath(request.path) ? undefined : await this.options.web?.answer(request);
      if (page) return { label: "page", response: page };
      const { route, parameters } = findRoute(request.method, request.path);
      label = route.label;
      if (!route.open) await this.access.check(request.headers);
      if (route.body !== "none") this.checkBody(route, request);
      const response = await this.withinDeadline(request, (limited) => route.answer(this, limited, parameters));
      return { label, response };
    } catch (error) {
      return { label, response: this.problem(error, request) };
    }
  }

  /**
   * Looks at a request before its body is read.
   * @returns how many bytes of it are to be read at most
   * @throws {Problem} when it will be refused whatever the body is
   */
  async admit({ method, path, headers }: RequestHead): Promise<number> {
    if (method !== "POST" || !isServicePath(path)) return 0;
    const { route } = findRoute(method, path);
    if (!route.open) await this.access.check(headers);
    return this.bodyLimit(route);
  }

  /** The answer for anything thrown; faults are reported, never shown. */
  problem(error: unknown, request: { readonly id: string; readonly path: string }): ServiceResponse {
    const problem = error instanceof Problem ? error : new Problem("INTERNAL");
    if (problem.code === "INTERNAL") this.options.onFault?.(error, request.id);
    this.metrics.problems.inc({ code: problem.code });
    const response = problemResponse(problem, request.id);
    if (!request.path.startsWith("/v2")) return response;
    // The Open Inference Protocol wants the message under `error`.
    const body = JSON.stringify({ error: problem.message, ...JSON.parse(response.body as string) });
    return { ...response, body };
  }

  private checkBody(route: Route, { body, headers }: ServiceRequest): void {
    if (body.length > this.bodyLimit(route)) throw new Problem("BODY_TOO_LARGE");
    if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
      throw new Problem("CONTENT_TYPE_UNSUPPORTED", "Compressed bodies are not accepted.");
    }
  }

  private bodyLimit(route: Route): number {
    if (route.body === "none") return 0;
    return route.body === "many" ? this.limits.batchBytes : this.limits.bodyBytes;
  }

  private async withinDeadline(
    request: ServiceRequest,
    answer: (request: ServiceRequest) => Promise<ServiceResponse> | ServiceResponse,
  ): Promise<ServiceResponse> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.signal.addEventListener("abort", abort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const milliseconds = Math.min(this.limits.deadlineMs, request.deadlineMs ?? this.limits.deadlineMs);
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        reject(new Problem("DEADLINE_EXCEEDED"));
      }, milliseconds);
    });
    try {
      return await Promise.race([answer({ ...request, signal: controller.signal }), deadline]);
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", abort);
    }
  }
}

/** Clients may send any word as a method; the counters know only the usual ones. */
function methodLabel(method: string): string {
  return ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"].includes(method) ? method : "other";
}
