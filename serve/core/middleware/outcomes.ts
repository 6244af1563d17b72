/** @module Converts thrown errors to responses, and counts and times requests. */
import { CLIENT_GONE, problemBody, problemResponse, REQUEST_TIMEOUT } from "../http/index";
import type { Metrics } from "../metrics";
import type { ServiceContext } from "../routes/index";
import type { Middleware } from "./compose";

/** Responds with the problem of any thrown error. */
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
