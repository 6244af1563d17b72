/** @module The service's interface for the routes' handlers. */
import type { Problem, RequestMemory, ServiceRequest } from "../http/index";
import type { ImageSource } from "../images/index";
import type { Metrics } from "../metrics";
import type { ModelRegistry } from "../models/index";
import type { SlideHost } from "./slide-host";

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

/** The service, as used by its handlers. */
export interface ServiceContext {
  readonly phase: "starting" | "serving" | "stopping";
  readonly models: ModelRegistry;
  readonly images: ImageSource | undefined;
  readonly slides: SlideHost | undefined;
  readonly limits: ServiceLimits;
  readonly memory: RequestMemory;
  readonly metrics: Metrics;
  readonly version: string;
  /** Address of a second deployment to offer on the page. */
  readonly endpoint: string | undefined;
  /** Folder of the models' training runs. */
  readonly runs: string | undefined;
  /** File for people's labels. */
  readonly feedback: string | undefined;
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
