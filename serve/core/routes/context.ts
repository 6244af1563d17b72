/** @module What the handlers of routes get: the service, and the request with its route. */
import type * as z from "zod";
import type { slideSchema } from "../../../src/options/index";
import type { Problem, RequestMemory, ServiceRequest, ServiceResponse } from "../http/index";
import type { ImageSource } from "../images/index";
import type { Metrics } from "../metrics";
import type { ModelRegistry } from "../models/index";

/** Limits of requests and of the time for responses. */
export interface ServiceLimits {
  /** Largest body of a request with one image, in bytes. */
  readonly bodyBytes: number;
  /** Largest body of a request with many images, in bytes. */
  readonly batchBytes: number;
  /** Largest number of images in a request. */
  readonly batchItems: number;
  /** Time for a response, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a deployment has to offer. Without an optional part, its routes respond with a problem or an empty answer. */
export interface ServiceParts {
  readonly models: ModelRegistry;
  readonly images?: ImageSource | undefined;
  readonly slides?: SlideHost | undefined;
  /** Address of a second deployment, such as a Lambda endpoint, to offer on the page. */
  readonly endpoint?: string | undefined;
  /** Folder of the models' training runs, for the page's curves. */
  readonly runs?: string | undefined;
  /** File for people's labels of predictions. Without it, the page does not ask for labels. */
  readonly feedback?: string | undefined;
}

export interface ServiceContext extends ServiceParts {
  readonly phase: "starting" | "serving" | "stopping";
  readonly limits: ServiceLimits;
  readonly memory: RequestMemory;
  readonly metrics: Metrics;
  readonly version: string;
  /** Available optional parts of the page. */
  readonly pages: readonly string[];
  /** Milliseconds from the start until the models were loaded; only for the first call. */
  takeColdMs(): number | undefined;
  /**
   * Converts any thrown error to a problem and reports faults, whose details clients do not see. Counts the problem, unless the
   * request was aborted and nobody receives it.
   */
  toProblem(error: unknown, request: Pick<ServiceRequest, "id" | "signal">): Problem;
}

export interface Route {
  /** Pattern of the form `/v2/models/{model}`; a last `{name*}` matches the rest of the path. Also the metrics' label. */
  readonly label: string;
  /** Whether a body is read, for one image or for many. */
  readonly body: "none" | "one" | "many";
  /** Needs no API key, for load balancers and the page's first view. */
  readonly open: boolean;
  readonly answer: Handler;
}

/** @throws {Problem} */
export type Handler = (context: ServiceContext, request: RoutedRequest) => Promise<ServiceResponse> | ServiceResponse;

export interface RoutedRequest extends ServiceRequest {
  readonly route: Route;
  /** The decoded parts of the path for the route's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Empty until it has been read. */
  readonly body: Uint8Array;
}

export interface SlideState {
  readonly id: string;
  readonly slide: string;
  readonly model: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled";
  /** Numbers of predicted and of all tiles; 0 until the tissue has been found. */
  readonly done: number;
  readonly total: number;
  readonly problem?: { readonly code: string; readonly detail: string };
  /** `slide.json`, once it is done. */
  readonly summary?: object;
}

/** How to predict a slide: by the options of `histo slide` with the same names. */
export interface SlideOrder extends Pick<z.input<typeof slideSchema>, "mpp" | "slideMpp" | "overlap" | "profile"> {
  readonly slide: string;
  readonly model: string;
}

/** Predicts slides in the background. Deployments without one respond with an alternative. */
export interface SlideHost {
  names(): Promise<readonly string[]>;
  /** @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `QUEUE_FULL` */
  start(order: SlideOrder): Promise<SlideState>;
  states(): readonly SlideState[];
  state(id: string): SlideState | undefined;
  cancel(id: string): void;
  /** A result file; undefined if it does not exist. */
  file(id: string, name: string): Promise<{ readonly type: string; readonly bytes: Uint8Array } | undefined>;
  /** Data for the viewer: size, scale, and the tiles' predictions. */
  map(id: string): Promise<object | undefined>;
  /** A JPEG tile of the picture, shrunk by 2 to the power of `shrink`; undefined outside. */
  tile(id: string, shrink: number, column: number, row: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
