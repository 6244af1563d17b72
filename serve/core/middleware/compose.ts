/** @module Middlewares, which process a request before its route and the response after it. */
import type { ServiceResponse } from "../http/index";
import type { RoutedRequest } from "../routes/index";

export type Responder = (request: RoutedRequest) => Promise<ServiceResponse>;

/** Responds itself, or passes the request on (possibly changed), and may change the response. */
export type Middleware = (request: RoutedRequest, next: Responder) => Promise<ServiceResponse>;

/** Combines middlewares, the first one outermost. @param last called by the innermost one */
export function compose(steps: readonly Middleware[], last: Responder): Responder {
  return steps.reduceRight<Responder>((next, step) => (request) => step(request, next), last);
}

/** Adds headers to every response; those of the response have priority. */
export function addHeaders(headersFor: (request: RoutedRequest) => Readonly<Record<string, string>>): Middleware {
  return async (request, next) => {
    const response = await next(request);
    return { ...response, headers: { ...headersFor(request), ...response.headers } };
  };
}
