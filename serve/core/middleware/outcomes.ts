/** @module Limits the body and the time of requests, converts thrown errors to responses, and counts and times requests. */

import { setMaxListeners } from "node:events";
import {
  CLIENT_GONE,
  Problem,
  problemBody,
  problemResponse,
  REQUEST_TIMEOUT,
  type ServiceRequest,
} from "../http/index";
import type { Metrics } from "../metrics";
import type { ServiceContext, ServiceLimits } from "../routes/index";
import type { Middleware } from "./compose";

export function answerProblems(context: Pick<ServiceContext, "toProblem">): Middleware {
  return async (request, next) => {
    try {
      return await next(request);
    } catch (error) {
      const problem = context.toProblem(error, request);
      const body = problemBody(problem, request.id);
      // The Open Inference Protocol requires the message as `error`.
      return problemResponse(problem, request.path.startsWith("/v2") ? { error: problem.message, ...body } : body);
    }
  };
}

/** Counts requests in progress, and responses by route, method and status. */
export function countRequests(metrics: Metrics): Middleware {
  return async (request, next) => {
    metrics.inFlight.inc();
    const response = await next(request);
    metrics.inFlight.dec();
    const { route, method, signal } = request;
    const isGone = signal.aborted && response.status !== REQUEST_TIMEOUT;
    const status = isGone ? CLIENT_GONE : response.status;
    metrics.requests.inc({ route: route.label, method: methodLabel(method), status });
    return response;
  };
}

/** Measures the time from the complete request to the response. */
export function timeAnswers(metrics: Metrics): Middleware {
  return async (request, next) => {
    const end = metrics.requestSeconds.startTimer({ route: request.route.label });
    try {
      return await next(request);
    } finally {
      end();
    }
  };
}

/** Limits the metric's labels, because clients may send any word as a method. */
function methodLabel(method: string): string {
  return ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"].includes(method) ? method : "other";
}

/** Reads the body for routes that have one, with the limit for one or many images. @throws {Problem} */
export function receiveBody({ bodyBytes, batchBytes }: ServiceLimits): Middleware {
  return async (request, next) => {
    const { route, headers } = request;
    if (route.body === "none") return next(request);
    if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
      throw new Problem("CONTENT_TYPE_UNSUPPORTED", "Compressed bodies are not accepted.");
    }
    return next({ ...request, body: await request.readBody(route.body === "many" ? batchBytes : bodyBytes) });
  };
}

/** Stops work that takes too long or whose client has disconnected. @throws {Problem} `DEADLINE_EXCEEDED` */
export function withinDeadline({ deadlineMs }: ServiceLimits): Middleware {
  return async (request, next) => {
    const controller = new AbortController();
    // One for each image of a batch; Node would warn of a leak.
    setMaxListeners(0, controller.signal);
    const abort = () => controller.abort(new Problem("DEADLINE_EXCEEDED"));
    request.signal.addEventListener("abort", abort, { once: true });
    if (request.signal.aborted) abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        abort();
        reject(new Problem("DEADLINE_EXCEEDED"));
      }, millisecondsFor(request));
    });
    try {
      return await Promise.race([next({ ...request, signal: controller.signal }), deadline]);
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", abort);
    }
  };

  function millisecondsFor(request: ServiceRequest): number {
    return Math.min(deadlineMs, request.deadlineMs ?? deadlineMs);
  }
}
