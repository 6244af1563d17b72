/** @module The service: from a request to a response, independent of frameworks. Express and Lambda only wrap it. */
import { projectVersion } from "../../src/files/index";
import { Problem, REQUEST_TIMEOUT, RequestMemory, type ServiceRequest, type ServiceResponse } from "./http/index";
import type { ImageSource } from "./images/index";
import { Metrics } from "./metrics";
import {
  Access,
  addHeaders,
  answerProblems,
  authenticate,
  compose,
  compressAnswers,
  cors,
  countRequests,
  type Responder,
  receiveBody,
  refuseOtherHosts,
  refuseOtherSites,
  securityHeaders,
  type TokenIssuer,
  timeAnswers,
  withinDeadline,
} from "./middleware/index";
import type { ModelRegistry } from "./models/index";
import {
  findRoute,
  refusal,
  type ServiceContext,
  type ServiceLimits,
  type ServiceParts,
  type SlideHost,
  type WebFiles,
} from "./routes/index";

const DEFAULT_LIMITS: ServiceLimits = {
  bodyBytes: 10 * 2 ** 20,
  batchBytes: 32 * 2 ** 20,
  batchItems: 64,
  deadlineMs: 30_000,
};

export interface ServiceOptions extends ServiceParts {
  readonly limits?: Partial<ServiceLimits> | undefined;
  /** Memory for bodies and named images of all requests in progress; further ones get 503. Default: 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Keys of which a client must send one (`x-api-key` or `authorization: Bearer`). Default: open to all. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Issuer of tokens that clients may send instead of a key. */
  readonly tokens?: TokenIssuer | undefined;
  readonly metrics?: Metrics | undefined;
  /** Called for every fault of the service, and of what it depends on, with the request's id. */
  readonly onFault?: ((error: unknown, requestId: string) => void) | undefined;
  /** The web page. Default: `/` is not found. */
  readonly web?: WebFiles | undefined;
  /** Start of the cold start as in `performance.now()`. Default: 0, the start of the process. */
  readonly startedMs?: number | undefined;
  /** Origins whose pages may call this service. Default: none. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Names under which the service is called, besides addresses and `localhost`. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
}

const NO_BODY = new Uint8Array();

export class Service implements ServiceContext {
  phase: ServiceContext["phase"] = "starting";
  readonly models: ModelRegistry;
  readonly images: ImageSource | undefined;
  readonly slides: SlideHost | undefined;
  readonly limits: ServiceLimits;
  readonly metrics: Metrics;
  readonly memory: RequestMemory;
  readonly version = projectVersion();
  readonly endpoint: string | undefined;
  readonly runs: string | undefined;
  readonly feedback: string | undefined;
  readonly pages: readonly string[];
  private coldMs: number | undefined;
  private readonly respond: Responder;

  constructor(private readonly options: ServiceOptions) {
    const { web, endpoint, corsOrigins = [] } = options;
    this.models = options.models;
    this.images = options.images;
    this.slides = options.slides;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.metrics = options.metrics ?? new Metrics();
    this.memory = new RequestMemory(options.memoryBytes);
    this.endpoint = endpoint;
    this.runs = options.runs;
    this.feedback = options.feedback;
    this.pages = [
      ...(web?.has("/data/lambda-vs-ec2.json") ? ["deployments"] : []),
      ...(options.slides ? ["slides"] : []),
    ];
    const security = securityHeaders(endpoint ? [new URL(endpoint).origin] : []);
    this.respond = compose(
      [
        countRequests(this.metrics),
        addHeaders(({ id }) => ({ ...security, "x-request-id": id })),
        cors(corsOrigins),
        compressAnswers(),
        answerProblems(this),
        ...(options.allowedHosts ? [refuseOtherHosts(options.allowedHosts)] : []),
        refuseOtherSites(corsOrigins),
        authenticate(new Access(options)),
        receiveBody(this.limits),
        timeAnswers(this.metrics),
        withinDeadline(this.limits),
      ],
      async (request) => request.route.answer(this, request),
    );
  }

  /** Marks the service as ready after the models have been loaded. */
  serve(): void {
    this.phase = "serving";
    this.coldMs = performance.now() - (this.options.startedMs ?? 0);
  }

  /** Responds to a request. Never rejects. */
  handle(request: ServiceRequest): Promise<ServiceResponse> {
    return this.respond({ ...request, ...findRoute(request, this.options.web), body: NO_BODY });
  }

  isPageFile(path: string): boolean {
    return this.options.web?.has(path) ?? false;
  }

  /** The response to a request that is rejected independent of its route. */
  refuse(error: unknown, request: ServiceRequest): Promise<ServiceResponse> {
    return this.respond({ ...request, route: refusal(error, "refused"), parameters: {}, body: NO_BODY });
  }

  takeColdMs(): number | undefined {
    const { coldMs } = this;
    this.coldMs = undefined;
    return coldMs;
  }

  toProblem(error: unknown, { id, signal }: Pick<ServiceRequest, "id" | "signal">): Problem {
    const problem = error instanceof Problem ? error : new Problem("INTERNAL");
    const fault = problem.code === "INTERNAL" ? error : problem.cause;
    if (fault !== undefined) this.options.onFault?.(fault, id);
    if (!signal.aborted || problem.status === REQUEST_TIMEOUT) this.metrics.problems.inc({ code: problem.code });
    return problem;
  }
}
