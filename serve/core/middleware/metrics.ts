/** @module Counts and times requests. */
import { CLIENT_GONE } from "../http/index";
import type { Metrics } from "../metrics";
import type { Middleware } from "./compose";

/** Counts requests in progress, and responses by route, method and status. */
export function countRequests(metrics: Metrics): Middleware {
  return async (request, next) => {
    metrics.inFlight.inc();
    const response = await next(request);
    metrics.inFlight.dec();
    const { route, method, signal } = request;
    const status = signal.aborted ? CLIENT_GONE : response.status;
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
