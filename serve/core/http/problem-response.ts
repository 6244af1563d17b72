/** @module The response for a problem. */
import { json, type ServiceResponse } from "./message";
import type { Problem } from "./problem";

/** The problem object, with the request's id if known. */
export function problemBody(problem: Problem, requestId?: string): Record<string, unknown> {
  return { ...problem.toJSON(), ...(requestId ? { instance: `urn:request:${requestId}` } : {}) };
}

/** Seconds after which a client may try again. */
const RETRY_AFTER_SECONDS = 1;

/** The response for a problem; always with `retry-after` for 429 and 503. */
export function problemResponse(problem: Problem, body: object = problemBody(problem)): ServiceResponse {
  const retry = problem.status === 429 || problem.status === 503 ? { "retry-after": `${RETRY_AFTER_SECONDS}` } : {};
  const headers = { "content-type": "application/problem+json; charset=utf-8", ...retry, ...problem.headers };
  return json(body, problem.status, headers);
}
