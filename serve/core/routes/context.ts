/** @module What the routes' handlers know of the service. */
import type { Problem, RequestMemory } from "../http/index";
import type { ImageSource } from "../images/index";
import type { Metrics } from "../metrics";
import type { ModelRegistry } from "../models/index";
import type { SlideHost } from "./slide-host";

/** What is accepted and how long an answer may take. */
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

/** The service as its handlers see it. */
export interface ServiceContext {
  readonly phase: "starting" | "serving" | "stopping";
  readonly models: ModelRegistry;
  readonly images: ImageSource | undefined;
  readonly slides: SlideHost | undefined;
  readonly limits: ServiceLimits;
  readonly memory: RequestMemory;
  readonly metrics: Metrics;
  readonly version: string;
  /** Address of a second deployment that the page offers. */
  readonly endpoint: string | undefined;
  /** Folder with the runs that models came from. */
  readonly runs: string | undefined;
  /** File that keeps people's labels. */
  readonly feedback: string | undefined;
  /** Parts of the page that depend on files beside it. */
  readonly pages: readonly string[];
  /** Milliseconds from the start until the models were loaded, the first time it is asked for. */
  takeColdMs(): number | undefined;
  /** Anything thrown as a problem; counts it, and reports faults, of which clients learn nothing. */
  toProblem(error: unknown, requestId: string): Problem;
}
